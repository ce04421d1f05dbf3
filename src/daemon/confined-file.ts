import { constants } from 'node:fs';
import { open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { sep } from 'node:path';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * Opens a regular file for reading if it really lies, all links followed, below one of the roots: a
 * workflow decides what the paths in its directory lead to. Undefined when there is no file or it
 * lies elsewhere.
 */
export async function openConfined(
  path: string,
  roots: readonly string[],
): Promise<FileHandle | undefined> {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY).catch(() => undefined);
  if (!file) return undefined;
  // Asked of the open file, not of the path, which may change meanwhile.
  const real = await readlink(`/proc/self/fd/${file.fd}`);
  if ((await file.stat()).isFile() && (await liesBelow(real, roots))) return file;
  await file.close();
  return undefined;
}

async function liesBelow(real: string, roots: readonly string[]): Promise<boolean> {
  for (const root of roots) {
    const realRoot = await realpath(root).catch(() => undefined);
    if (realRoot !== undefined && real.startsWith(realRoot + sep)) return true;
  }
  return false;
}
