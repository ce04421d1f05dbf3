import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findPrograms } from './find-programs.ts';
import { runStep, type StepResult } from './run-step.ts';

/** A way to make a directory into a Python environment with pip. */
interface EnvironmentMaker {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
}

/** Debian without python3-venv has the module but not what it needs: only trying tells. */
function environmentMakers(pythons: readonly string[]): readonly EnvironmentMaker[] {
  const ofPython = (module: readonly [string, ...string[]]): readonly EnvironmentMaker[] =>
    pythons.map((python) => ({
      name: `${python} -m ${module[0]}`,
      argv: [python, '-m', ...module],
    }));
  return [
    ...ofPython(['venv']),
    { name: 'virtualenv', argv: ['virtualenv', '--quiet'] },
    ...ofPython(['virtualenv', '--quiet']),
  ];
}

export interface PackageRequest {
  readonly directory: string;
  /** Programs or paths, tried in this order. */
  readonly pythons: readonly string[];
  /** Sets of what pip is to install, as `cwltool==3.3`; the first that this Python can have is taken. */
  readonly packages: readonly (readonly string[])[];
  readonly environment: NodeJS.ProcessEnv;
}

export type PackageResult =
  | { readonly installed: readonly string[]; readonly maker: string }
  /** Why each way did not work. */
  | { readonly installed: undefined; readonly failures: readonly string[] };

/** Makes an environment at `directory` with one of the sets of packages in it; leaves nothing after a failure. */
export async function installIntoNewEnvironment(request: PackageRequest): Promise<PackageResult> {
  const pythons = await findPrograms(request.pythons, request.environment);
  const looked = `Python 3 is not installed (looked for ${request.pythons.join(', ')})`;
  const failures: string[] = pythons.length === 0 ? [looked] : [];
  for (const maker of environmentMakers(pythons)) {
    const made = await makeEnvironment(maker, request);
    if (!made.succeeded) {
      failures.push(`${maker.name}: ${made.lastWords}`);
      continue;
    }
    for (const wanted of request.packages) {
      const result = await pipInstall(wanted, request);
      if (result.succeeded) return { installed: wanted, maker: maker.name };
      failures.push(`pip install ${wanted.join(' ')}: ${result.lastWords}`);
    }
  }
  await rm(request.directory, { recursive: true, force: true });
  return { installed: undefined, failures };
}

async function makeEnvironment(
  maker: EnvironmentMaker,
  { directory, environment }: PackageRequest,
): Promise<StepResult> {
  await rm(directory, { recursive: true, force: true });
  return runStep([...maker.argv, directory], environment);
}

function pipInstall(
  wanted: readonly string[],
  { directory, environment }: PackageRequest,
): Promise<StepResult> {
  const python = join(directory, 'bin', 'python');
  return runStep(
    [python, '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...wanted],
    environment,
  );
}
