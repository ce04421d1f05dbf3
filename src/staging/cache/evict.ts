import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseEntry } from './objects.ts';
import type { CachePlaces } from './places.ts';

/** What nobody has written to for so long belongs to no process any more. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

interface Found {
  readonly path: string;
  /** Of the file: for an object, its SHA-256. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly usedAt: number;
}

/**
 * Removes what was not used for the longest time until the rest is no larger than `mostBytes`. Who reads a file
 * meanwhile goes on to read it.
 */
export async function evict(places: CachePlaces, mostBytes: number, now: number): Promise<void> {
  const { objects, partial, incoming } = places;
  const abandoned = (await filesBelow(incoming)).filter(
    ({ usedAt }) => now - usedAt > ABANDONED_MS,
  );
  for (const { path } of abandoned) await removeAt(path, incoming);
  const found = [...(await filesBelow(objects)), ...(await filesBelow(partial))];
  found.sort((one, other) => one.usedAt - other.usedAt);
  let total = found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const gone = new Set<string>();
  for (const { path, name, sizeBytes } of found) {
    if (total <= mostBytes) break;
    if (path.startsWith(partial)) await removeAt(path, partial);
    else await rm(path, { force: true });
    gone.add(name);
    total -= sizeBytes;
  }
  if (gone.size > 0) await forget(places, gone);
}

/** With the directory that is its own. */
async function removeAt(path: string, parent: string): Promise<void> {
  const own = dirname(path) === parent ? path : dirname(path);
  await rm(own, { recursive: true, force: true });
}

/** Keys that lead to what is gone. */
async function forget({ index }: CachePlaces, gone: ReadonlySet<string>): Promise<void> {
  for (const key of await readdir(index)) {
    const path = join(index, key);
    const entry = parseEntry(await readFile(path, 'utf8').catch(() => ''));
    if (entry !== undefined && gone.has(entry.sha256)) await rm(path, { force: true });
  }
}

/** Other processes move and remove what is listed: what is not there any more is left out. */
async function filesBelow(directory: string): Promise<readonly Found[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found = entries.map(async (entry): Promise<readonly Found[]> => {
    const { name } = entry;
    const path = join(directory, name);
    if (entry.isDirectory()) return await filesBelow(path);
    const file = await stat(path).catch(() => undefined);
    return file ? [{ path, name, sizeBytes: file.size, usedAt: file.mtimeMs }] : [];
  });
  return (await Promise.all(found)).flat();
}
