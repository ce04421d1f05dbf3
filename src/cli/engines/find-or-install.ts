import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPLETION_MARKER, privateInstallations } from '../../engines/driven/installations.ts';
import type { EngineInstallation, Probe } from '../../engines/engine.ts';
import { withInstallLock } from './install-lock.ts';
import { createProbe } from './probe.ts';
import { runStep } from './run-step.ts';

export interface InstallOptions {
  /** Directory below which private installations are made, one for each engine and version. */
  readonly installRoot: string;
  /** Gets each thing that was done or did not work, as a line for people. */
  readonly log: (line: string) => void;
  /** Install a private copy although there is the engine already. */
  readonly force?: boolean;
  /** Only this version, or the newest that begins with it, as `7`; other versions stay beside it. */
  readonly version?: string;
  /** Environment of the programs that install: PATH, proxies, pip's settings. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Pythons to make a private environment with, tried in this order. */
  readonly pythons?: readonly string[];
  /** Whether packages of Debian may be installed for the whole machine; by default when we are root. */
  readonly maySystemInstall?: boolean;
}

export type InstallResult =
  | {
      readonly installation: EngineInstallation;
      readonly how: 'found' | 'private environment' | 'system package';
    }
  /** Nothing worked; the log says why. */
  | undefined;

/** How one engine gets onto a machine. */
export interface EngineRecipe {
  readonly engine: string;
  /** What can be installed, the usual one first. */
  readonly versions: readonly string[];
  /** What there is, the newest first; the private ones alone when a private copy is wanted. */
  find(options: InstallOptions, privateAlone: boolean): Promise<readonly EngineInstallation[]>;
  /** What a later version of this service may need of an installation that is there already. */
  prepare?(installation: EngineInstallation, options: InstallOptions): Promise<void>;
  /** Ways to install it, tried in this order; one that does not work logs why. */
  readonly ways: readonly ((options: InstallOptions) => Promise<InstallResult>)[];
  /** What is to be done when none of them works. */
  readonly remedy: string;
}

/** Finds the engine or installs it. May be run at any time, again, and by several processes at once. */
export async function findOrInstall(
  recipe: EngineRecipe,
  options: InstallOptions,
): Promise<InstallResult> {
  const { installRoot, log, force = false } = options;
  // A private installation that works is never made anew: runs may be using it.
  const present = await findWanted(recipe, options, force);
  if (present !== undefined) return found(recipe, present, options);
  if (!recipe.versions.some((version) => isWanted(version, options))) {
    const known = recipe.versions.join(', ');
    log(`${recipe.engine} ${options.version} is not known here; known: ${known}.`);
    return undefined;
  }
  return withInstallLock(
    join(installRoot, `${recipe.engine}.lock`),
    { onWait: (pid) => log(`Waiting for another installation (process ${pid}).`) },
    async () => {
      const meanwhile = await findWanted(recipe, options, force);
      if (meanwhile !== undefined) return found(recipe, meanwhile, options);
      for (const install of recipe.ways) {
        const result = await install(options);
        if (result !== undefined) return result;
      }
      log(recipe.remedy);
      return undefined;
    },
  );
}

async function findWanted(
  recipe: EngineRecipe,
  options: InstallOptions,
  privateAlone: boolean,
): Promise<EngineInstallation | undefined> {
  const installations = await recipe.find(options, privateAlone);
  return installations.find(({ version }) => isWanted(version, options));
}

/** Whether this version will do. */
export function isWanted(version: string, { version: wanted }: InstallOptions): boolean {
  return wanted === undefined || version === wanted || version.startsWith(`${wanted}.`);
}

export function probeOf({ environment }: InstallOptions): Probe {
  return createProbe(environment === undefined ? {} : { environment });
}

async function found(
  recipe: EngineRecipe,
  installation: EngineInstallation,
  options: InstallOptions,
): Promise<InstallResult> {
  const { engine, version, launcher } = installation;
  await recipe.prepare?.(installation, options);
  options.log(`${engine} ${version} is installed already (${launcher.join(' ')}).`);
  return { installation, how: 'found' };
}

/** The place of a private installation, with what an earlier attempt left unfinished removed. */
export async function privatePlace(
  engine: string,
  version: string,
  { installRoot, log }: InstallOptions,
): Promise<string> {
  const root = privateInstallations(installRoot, engine);
  await mkdir(root, { recursive: true });
  for (const name of await readdir(root)) {
    const marker = await readFile(join(root, name, COMPLETION_MARKER)).catch(() => undefined);
    if (marker !== undefined) continue;
    log(`Removing the unfinished installation ${join(root, name)}.`);
    await rm(join(root, name), { recursive: true, force: true });
  }
  return join(root, version);
}

/** The marker appears whole and last, so a directory without it was never finished. */
export async function writeMarker(
  directory: string,
  facts: { readonly installed: readonly string[]; readonly maker: string },
): Promise<void> {
  const unfinished = join(directory, `${COMPLETION_MARKER}.part`);
  await writeFile(unfinished, `${JSON.stringify(facts)}\n`);
  await rename(unfinished, join(directory, COMPLETION_MARKER));
}

/** Packages of Debian, when we may; false, with the reason in the log, when they can't be had. */
export async function installSystemPackages(
  packages: readonly string[],
  options: InstallOptions,
): Promise<boolean> {
  const { log, environment = process.env } = options;
  if (!(options.maySystemInstall ?? process.getuid?.() === 0)) return false;
  const kind = packages.length === 1 ? 'package' : 'packages';
  log(`Installing the ${kind} ${packages.join(' ')} of this system …`);
  const quiet = { ...environment, DEBIAN_FRONTEND: 'noninteractive' };
  const updated = await runStep(['apt-get', 'update', '-q'], quiet);
  if (!updated.succeeded) log(`apt-get update did not work: ${updated.lastWords}`);
  const words = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  const installed = await runStep(['apt-get', ...words], quiet);
  if (!installed.succeeded) {
    log(`That did not work: apt-get install ${packages.join(' ')}: ${installed.lastWords}`);
  }
  return installed.succeeded;
}
