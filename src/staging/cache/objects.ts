import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyVerified } from './copy-verified.ts';
import type { CachePlaces } from './places.ts';

const PRIVATE_DIRECTORY = 0o700;

export interface CacheEntry {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What a key leads to, if it is there. */
export async function findEntry(places: CachePlaces, key: string): Promise<CacheEntry | undefined> {
  const text = await readFile(join(places.index, key), 'utf8').catch(() => '');
  return parseEntry(text);
}

/** What can't be read counts as not there: a machine may have lost its power while it was written. */
export function parseEntry(text: string): CacheEntry | undefined {
  const [, sha256 = '', size = ''] = /^([0-9a-f]{64}) (\d{1,16})\n$/.exec(text) ?? [];
  return sha256 === '' ? undefined : { sha256, sizeBytes: Number(size) };
}

/**
 * Copies what a key leads to, if it is still what it was. What is not is removed, so that it is fetched anew.
 * @throws Error when the copy can't be written
 */
export async function takeObject(
  places: CachePlaces,
  key: string,
  { sha256 }: CacheEntry,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  const object = objectPath(places, sha256);
  const now = new Date();
  try {
    await utimes(object, now, now);
  } catch {
    await rm(join(places.index, key), { force: true });
    return false; // removed meanwhile
  }
  const digest = await copyVerified(object, path, signal).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (digest === sha256) return true;
  await rm(path, { force: true });
  await rm(object, { force: true });
  await rm(join(places.index, key), { force: true });
  return false;
}

/** Moves a file into the cache. */
export async function addObject(
  places: CachePlaces,
  key: string,
  { sha256, sizeBytes }: CacheEntry,
  from: string,
): Promise<void> {
  const object = objectPath(places, sha256);
  await mkdir(dirname(object), { recursive: true, mode: PRIVATE_DIRECTORY });
  await rename(from, object);
  const draft = join(places.incoming, randomUUID());
  await writeFile(draft, `${sha256} ${sizeBytes}\n`, { flag: 'wx', mode: 0o600 });
  await rename(draft, join(places.index, key));
}

function objectPath({ objects }: CachePlaces, sha256: string): string {
  return join(objects, sha256.slice(0, 2), sha256);
}
