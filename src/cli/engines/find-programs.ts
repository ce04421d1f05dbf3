import { access, constants, realpath } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** Those of the programs (names or paths) that this machine has, each once however it is named. */
export async function findPrograms(
  programs: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const found = new Map<string, string>();
  for (const program of programs) {
    const path = await locate(program, environment);
    if (path !== undefined && !found.has(path)) found.set(path, program);
  }
  return [...found.values()];
}

async function locate(
  program: string,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const directories = isAbsolute(program) ? ['/'] : (environment.PATH ?? '').split(delimiter);
  for (const directory of directories) {
    const path = join(directory, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return await realpath(path);
  }
  return undefined;
}
