import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  COMPLETION_MARKER,
  detectCwltool,
  detectPrivateCwltool,
  privateEnvironments,
} from '../../engines/cwltool/detect.ts';
import type { EngineInstallation, Probe } from '../../engines/engine.ts';
import { withInstallLock } from './install-lock.ts';
import { createProbe } from './probe.ts';
import { installIntoNewEnvironment } from './python-environment.ts';
import { runStep } from './run-step.ts';

/** Pinned, newest first; the later ones are for Pythons that the first no longer supports. */
const CWLTOOL_VERSIONS = ['3.3.20260925135507', '3.1.20251031082601'] as const;

/** The second is Debian's own, where a version manager has put another one first. */
const PYTHONS = ['python3', '/usr/bin/python3'] as const;

const REMEDY =
  'cwltool is not installed. It needs Python 3 with its venv module (Debian, Ubuntu: ' +
  "`sudo apt-get install python3-venv`) and a way to Python's package index; or bring a cwltool of your " +
  'own (`sudo apt-get install cwltool`, or any on the PATH). Then run this command again.';

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
  /** Whether Debian's package may be installed for the whole machine; by default when we are root. */
  readonly maySystemInstall?: boolean;
}

export type InstallResult =
  | {
      readonly installation: EngineInstallation;
      readonly how: 'found' | 'private environment' | 'system package';
    }
  /** Nothing worked; the log says why. */
  | undefined;

/** Finds cwltool or installs it. May be run at any time, again, and by several processes at once. */
export async function installCwltool(options: InstallOptions): Promise<InstallResult> {
  const present = await findPresent(options);
  if (present !== undefined) return found(present, options);
  return withInstallLock(
    join(options.installRoot, 'cwltool.lock'),
    { onWait: (pid) => options.log(`Waiting for another installation (process ${pid}).`) },
    async () => {
      const meanwhile = await findPresent(options);
      if (meanwhile !== undefined) return found(meanwhile, options);
      const result = (await installPrivately(options)) ?? (await installSystemPackage(options));
      if (result === undefined) options.log(REMEDY);
      return result;
    },
  );
}

/** A private environment that works is never made anew: runs may be using it. */
async function findPresent(options: InstallOptions): Promise<EngineInstallation | undefined> {
  const detect = options.force === true ? detectPrivateCwltool : detectCwltool;
  const [newest] = await detect(probeOf(options), options);
  return newest;
}

function probeOf({ environment }: InstallOptions): Probe {
  return createProbe(environment === undefined ? {} : { environment });
}

function found(installation: EngineInstallation, { log }: InstallOptions): InstallResult {
  log(`cwltool ${installation.version} is installed already (${installation.launcher.join(' ')}).`);
  return { installation, how: 'found' };
}

async function installPrivately(options: InstallOptions): Promise<InstallResult> {
  const { installRoot, log, environment = process.env } = options;
  const root = privateEnvironments(installRoot);
  await mkdir(root, { recursive: true });
  await removeUnfinished(root, log);
  const directory = join(root, CWLTOOL_VERSIONS[0]);
  log(`Installing cwltool from Python's package index into ${directory} …`);
  const packages = CWLTOOL_VERSIONS.map((version) => `cwltool==${version}`);
  const { pythons = PYTHONS } = options;
  const result = await installIntoNewEnvironment({ directory, pythons, packages, environment });
  if (result.installed === undefined) {
    for (const failure of result.failures) log(`That did not work: ${failure}`);
    return undefined;
  }
  await writeMarker(directory, result);
  const installations = await detectPrivateCwltool(probeOf(options), options);
  const installation = installations.find(({ launcher }) => launcher[0]?.startsWith(directory));
  if (installation === undefined) {
    await rm(directory, { recursive: true, force: true });
    log('That did not work: cwltool was installed but can not be started.');
    return undefined;
  }
  log(`Installed cwltool ${installation.version} (${result.maker}).`);
  return { installation, how: 'private environment' };
}

/** The marker appears whole and last, so a directory without it was never finished. */
async function writeMarker(
  directory: string,
  facts: { installed: string; maker: string },
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

async function installSystemPackage(options: InstallOptions): Promise<InstallResult> {
  const { log, environment = process.env } = options;
  const mayInstall = options.maySystemInstall ?? process.getuid?.() === 0;
  if (!mayInstall) return undefined;
  log('Installing the package cwltool of this system …');
  const quiet = { ...environment, DEBIAN_FRONTEND: 'noninteractive' };
  const updated = await runStep(['apt-get', 'update', '-q'], quiet);
  if (!updated.succeeded) log(`apt-get update did not work: ${updated.lastWords}`);
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', 'cwltool'] as const;
  const installed = await runStep(install, quiet);
  const [installation] = installed.succeeded ? await detectCwltool(probeOf(options), options) : [];
  if (installation === undefined) {
    log(`That did not work: apt-get install cwltool: ${installed.lastWords}`);
    return undefined;
  }
  log(`Installed cwltool ${installation.version} (system package).`);
  return { installation, how: 'system package' };
}
