import { rm } from 'node:fs/promises';
import {
  detectPrivatePackage,
  detectPythonPackage,
  type PythonPackage,
} from '../../engines/python/detect.ts';
import {
  installSystemPackages,
  isWanted,
  privatePlace,
  probeOf,
  writeMarker,
  type EngineRecipe,
  type InstallOptions,
  type InstallResult,
} from './find-or-install.ts';
import { installIntoNewEnvironment } from './python-environment.ts';

/** How an engine that is a package of Python is installed. */
export interface PythonRecipe {
  readonly package: PythonPackage;
  /**
   * What pip is asked for, pinned: the engine first, as `name==version`, then what it needs beside it.
   * The first set that this Python can have is taken; later ones are for older Pythons, or asked for.
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

export function pythonRecipe(recipe: PythonRecipe): EngineRecipe {
  return {
    engine: recipe.package.engine,
    versions: recipe.requirements.map(([wanted]) => versionOf(wanted)),
    find: (options, privateAlone) => {
      const detect = privateAlone ? detectPrivatePackage : detectPythonPackage;
      return detect(recipe.package, probeOf(options), options);
    },
    ways: [
      (options) => installPrivately(recipe, options),
      (options) => installSystemPackage(recipe, options),
    ],
    remedy: remedy(recipe),
  };
}

function versionOf(requirement: string): string {
  return requirement.slice(requirement.indexOf('==') + 2);
}

function remedy({ package: { engine }, systemPackage }: PythonRecipe): string {
  const own = systemPackage === undefined ? '' : `\`sudo apt-get install ${systemPackage}\`, or `;
  return (
    `${engine} is not installed. It needs Python 3 with its venv module (Debian, Ubuntu: ` +
    "`sudo apt-get install python3-venv`) and a way to Python's package index; or bring one of your " +
    `own (${own}any on the PATH). Then run this command again.`
  );
}

async function installPrivately(
  recipe: PythonRecipe,
  options: InstallOptions,
): Promise<InstallResult> {
  const { log, environment = process.env, pythons = PYTHONS } = options;
  const { engine } = recipe.package;
  const packages = recipe.requirements.filter(([one]) => isWanted(versionOf(one), options));
  const [[newest] = recipe.requirements[0]] = packages;
  const directory = await privatePlace(engine, versionOf(newest), options);
  log(`Installing ${engine} from Python's package index into ${directory} …`);
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

async function installSystemPackage(
  { package: wanted, systemPackage }: PythonRecipe,
  options: InstallOptions,
): Promise<InstallResult> {
  const { log } = options;
  if (systemPackage === undefined) return undefined;
  if (!(await installSystemPackages([systemPackage], options))) return undefined;
  const installations = await detectPythonPackage(wanted, probeOf(options), options);
  const installation = installations.find(({ version }) => isWanted(version, options));
  if (installation === undefined) {
    log(`That did not work: ${wanted.engine} of ${systemPackage} can not be started.`);
    return undefined;
  }
  log(`Installed ${wanted.engine} ${installation.version} (system package).`);
  return { installation, how: 'system package' };
}
