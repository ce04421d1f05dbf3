import { mkdir, open, realpath, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageError } from './storage.ts';

/** The two directories of a local storage, links resolved; they must lie on one file system. */
export interface LocalDirectories {
  /** The object `a/b` is the file `<objects>/a/b`, so that people can look at it with their own tools. */
  readonly objects: string;
  /** Objects grow here and are renamed when they are whole. */
  readonly incoming: string;
}

/** Only the service's own user may read what users stored. */
export const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;
const MAX_TRIES = 100;

/** The `code` of a system error (ENOENT, …). */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/**
 * True when `directory`, given with its own root resolved, is there and no part of its path is a
 * symbolic link: objects are only ever reached through real directories.
 */
export async function isRealDirectory(directory: string): Promise<boolean> {
  try {
    // The slash makes a file in its place an error.
    return (await realpath(`${directory}/`)) === directory;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/** Makes the directory and those above it one by one, so that nothing is made behind a symbolic link. */
export async function makeRealDirectory(directory: string): Promise<void> {
  const found = await realpath(`${directory}/`).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === directory) return;
  if (found !== undefined)
    throw new StorageError('invalid_key', 'the key leads through a symbolic link');
  await makeRealDirectory(dirname(directory));
  await mkdir(directory, { mode: PRIVATE_DIRECTORY }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}

/**
 * Does `write` in a directory that exists. Another process may remove an empty directory between the
 * two steps (see `removeEmptyDirectories`): then both are done again.
 */
export async function inDirectory<T>(directory: string, write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await makeRealDirectory(directory);
      return await write();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || attempt === MAX_TRIES) throw error;
    }
  }
}

/** Removes `directory` and those above it as long as they are empty, up to but without `root`. */
export async function removeEmptyDirectories(directory: string, root: string): Promise<void> {
  for (let current = directory; current.startsWith(`${root}/`); current = dirname(current)) {
    try {
      await rmdir(current);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return; // not empty, or not ours to remove
    }
  }
}

/** Makes a rename or a new name in the directory survive a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
