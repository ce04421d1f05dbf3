import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Written last into a private installation: a directory without it is not a complete one. */
export const COMPLETION_MARKER = 'installed.json';

/** Below `installRoot`, one directory for each version of the engine. */
export function privateInstallations(installRoot: string, engine: string): string {
  return join(installRoot, engine);
}

/** The directories of the complete private installations, newest first. */
export async function completeInstallations(
  installRoot: string,
  engine: string,
): Promise<readonly string[]> {
  const root = privateInstallations(installRoot, engine);
  const names = await readdir(root).catch(() => []);
  const complete: string[] = [];
  for (const name of names.toSorted((a, b) => compareVersions(b, a))) {
    const marker = await readFile(join(root, name, COMPLETION_MARKER)).catch(() => undefined);
    if (marker !== undefined) complete.push(join(root, name));
  }
  return complete;
}

/** By their numbers: 3.10 is newer than 3.9. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
