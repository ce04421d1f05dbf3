import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineInstallation, Probe } from '../../engines/engine.ts';
import {
  COMPLETION_MARKER,
  detectPrivatePackage,
  detectPythonPackage,
  privateEnvironments,
  type PythonPackage,
} from '../../engines/python/detect.ts';
import { withInstallLock } from './install-lock.ts';
import { createProbe } from './probe.ts';
import { installIntoNewEnvironment } from './python-environment.ts';
import { runStep } from './run-step.ts';

/** How an engine that is a package of Python is installed. */
export interface PythonRecipe {
  readonly package: PythonPackage;
  /**
   * What pip is asked for, pinned: the engine first, as `name==version`, then what it needs beside it.
   * The first set that this Python can have is taken; later ones are for older Pythons.
   */
  readonly requirements: readonly [
    readonly [string, ...string[]],
    ...(readonly [string, ...string[]])[],
  ];
  /** Debian's package of the engine, where that one will do. */
  readonly systemPackage?: string;
}

/** The second is Debian's own, where a version manager has put another one first. */
const PYTHONS = ['python3', '/usr/bin/python3'] as const;

export interface InstallOptions {
  /** Directory below which private environments are made, one for each engine and version. */
  readonly installRoot: string;
  /** Gets each thing that was done or did not work, as a line for people. */
  readonly log: (line: string) => void;
  /** Install a private environment although there is a cwltool already. */
  readonly force?: boolean;
  /** Environment of the programs that install: PATH, proxies, pip's settings. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Pythons to make a private environment with, tried in this order. */
  readonly pythons?: readonly string[];
  /** Whether a package of Debian may be installed for the whole machine; by default when we are root. */
  readonly maySystemInstall?: boolean;
}

export type InstallResult =
  | {
      readonly installation: EngineInstallation;
      readonly how: 'found' | 'private environment' | 'system package';
    }
  /** Nothing worked; the log says why. */
  | undefined;

/** Finds the engine or installs it. May be run at any time, again, and by several processes at once. */
export async function installPythonEngine(
  recipe: PythonRecipe,
  options: InstallOptions,
): Promise<InstallResult> {
  const { engine } = recipe.package;
  const present = await findPresent(recipe, options);
  if (present !== undefined) return found(present, options);
  return withInstallLock(
    join(options.installRoot, `${engine}.lock`),
    { onWait: (pid) => options.log(`Waiting for another installation (process ${pid}).`) },
    async () => {
      const meanwhile = await findPresent(recipe, options);
      if (meanwhile !== undefined) return found(meanwhile, options);
      const result =
        (await installPrivately(recipe, options)) ?? (await installSystemPackage(recipe, options));
      if (result === undefined) options.log(remedy(recipe));
      return result;
    },
  );
}

function remedy({ package: { engine }, systemPackage }: PythonRecipe): string {
  const own = systemPackage === undefined ? '' : `\`sudo apt-get install ${systemPackage}\`, or `;
  return (
    `${engine} is not installed. It needs Python 3 with its venv module (Debian, Ubuntu: ` +
    "`sudo apt-get install python3-venv`) and a way to Python's package index; or bring one of your " +
    `own (${own}any on the PATH). Then run this command again.`
  );
}

/** A private environment that works is never made anew: runs may be using it. */
async function findPresent(
  recipe: PythonRecipe,
  options: InstallOptions,
): Promise<EngineInstallation | undefined> {
  const detect = options.force === true ? detectPrivatePackage : detectPythonPackage;
  const [newest] = await detect(recipe.package, probeOf(options), options);
  return newest;
}

function probeOf({ environment }: InstallOptions): Probe {
  return createProbe(environment === undefined ? {} : { environment });
}

function found(installation: EngineInstallation, { log }: InstallOptions): InstallResult {
  const { engine, version, launcher } = installation;
  log(`${engine} ${version} is installed already (${launcher.join(' ')}).`);
  return { installation, how: 'found' };
}

async function installPrivately(
  recipe: PythonRecipe,
  options: InstallOptions,
): Promise<InstallResult> {
  const { installRoot, log, environment = process.env, pythons = PYTHONS } = options;
  const { engine } = recipe.package;
  const root = privateEnvironments(installRoot, engine);
  await mkdir(root, { recursive: true });
  await removeUnfinished(root, log);
  const [[newest]] = recipe.requirements;
  const directory = join(root, newest.slice(newest.indexOf('==') + 2));
  log(`Installing ${engine} from Python's package index into ${directory} …`);
  const packages = recipe.requirements;
  const result = await installIntoNewEnvironment({ directory, pythons, packages, environment });
  if (result.installed === undefined) {
    for (const failure of result.failures) log(`That did not work: ${failure}`);
    return undefined;
  }
  await writeMarker(directory, result);
  const installations = await detectPrivatePackage(recipe.package, probeOf(options), options);
  const installation = installations.find(({ launcher }) => launcher[0]?.startsWith(directory));
  if (installation === undefined) {
    await rm(directory, { recursive: true, force: true });
    log(`That did not work: ${engine} was installed but can not be started.`);
    return undefined;
  }
  log(`Installed ${engine} ${installation.version} (${result.maker}).`);
  return { installation, how: 'private environment' };
}

/** The marker appears whole and last, so a directory without it was never finished. */
async function writeMarker(
  directory: string,
  facts: { installed: readonly string[]; maker: string },
): Promise<void> {
  const unfinished = join(directory, `${COMPLETION_MARKER}.part`);
  await writeFile(unfinished, `${JSON.stringify(facts)}\n`);
  await rename(unfinished, join(directory, COMPLETION_MARKER));
}

async function removeUnfinished(root: string, log: (line: string) => void): Promise<void> {
  for (const name of await readdir(root)) {
    const marker = await readFile(join(root, name, COMPLETION_MARKER)).catch(() => undefined);
    if (marker !== undefined) continue;
    log(`Removing the unfinished installation ${join(root, name)}.`);
    await rm(join(root, name), { recursive: true, force: true });
  }
}

async function installSystemPackage(
  { package: wanted, systemPackage }: PythonRecipe,
  options: InstallOptions,
): Promise<InstallResult> {
  const { log, environment = process.env } = options;
  const mayInstall = options.maySystemInstall ?? process.getuid?.() === 0;
  if (!mayInstall || systemPackage === undefined) return undefined;
  log(`Installing the package ${systemPackage} of this system …`);
  const quiet = { ...environment, DEBIAN_FRONTEND: 'noninteractive' };
  const updated = await runStep(['apt-get', 'update', '-q'], quiet);
  if (!updated.succeeded) log(`apt-get update did not work: ${updated.lastWords}`);
  const words = ['install', '-y', '-q', '--no-install-recommends', systemPackage];
  const installed = await runStep(['apt-get', ...words], quiet);
  const [installation] = installed.succeeded
    ? await detectPythonPackage(wanted, probeOf(options), options)
    : [];
  if (installation === undefined) {
    log(`That did not work: apt-get install ${systemPackage}: ${installed.lastWords}`);
    return undefined;
  }
  log(`Installed ${wanted.engine} ${installation.version} (system package).`);
  return { installation, how: 'system package' };
}
