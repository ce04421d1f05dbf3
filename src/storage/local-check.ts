import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRealDirectory, PRIVATE_FILE } from './local-directory.ts';
import type { LocalDirectories } from './local-directory.ts';
import { StorageError } from './storage.ts';

/** A growing file that got no byte for so long belongs to a writer that died. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Writes, reads and removes a probe, and removes what dead writers left behind.
 * @throws StorageError `unavailable`
 */
export async function checkLocal(
  root: string,
  directories: () => Promise<LocalDirectories>,
): Promise<void> {
  try {
    const { objects, incoming } = await directories();
    await makeRealDirectory(objects);
    await access(objects, constants.R_OK | constants.W_OK | constants.X_OK);
    await makeRealDirectory(incoming);
    await probe(join(incoming, randomUUID()));
    await removeAbandoned(incoming, Date.now() - ABANDONED_AFTER_MS);
  } catch (error) {
    throw new StorageError(
      'unavailable',
      `the storage directory ${root} can not be written and read: check its permissions and free space`,
      { cause: error },
    );
  }
}

async function probe(path: string): Promise<void> {
  try {
    await writeFile(path, path, { flag: 'wx', mode: PRIVATE_FILE, flush: true });
    if ((await readFile(path, 'utf8')) !== path) throw new Error('the probe came back changed');
  } finally {
    await rm(path, { force: true });
  }
}

async function removeAbandoned(incoming: string, before: number): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await lstat(path).catch(() => undefined); // its writer may finish meanwhile
    if (found !== undefined && found.mtimeMs < before) await rm(path, { force: true });
  }
}
