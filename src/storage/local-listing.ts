import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, isRealDirectory } from './local-directory.ts';
import type { ObjectStat } from './storage.ts';

export type ListedObject = ObjectStat & { readonly key: string };

/**
 * The objects below `root` whose key begins with `prefix`, in the order of code points. One directory at a time
 * is held in memory; what disappears meanwhile is left out.
 */
export async function* listObjects(root: string, prefix: string): AsyncGenerator<ListedObject> {
  const base = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (base !== '' && !(await isRealDirectory(join(root, base.slice(0, -1))))) return;
  yield* listDirectory(root, base, prefix.slice(base.length));
}

async function* listDirectory(
  root: string,
  base: string,
  beginning: string,
): AsyncGenerator<ListedObject> {
  for (const name of await sortedNames(join(root, base))) {
    if (!name.startsWith(beginning)) continue;
    if (name.endsWith('/')) {
      yield* listDirectory(root, `${base}${name}`, '');
      continue;
    }
    const found = await statObject(join(root, base, name));
    if (found !== undefined) yield { key: `${base}${name}`, ...found };
  }
}

/** Directories carry a slash, which gives `a-b` before `a/b` as in the order of whole keys. */
async function sortedNames(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

/** Size and time of a regular file; undefined for anything else and for nothing. */
export async function statObject(path: string): Promise<ObjectStat | undefined> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) return undefined;
    return { sizeBytes: found.size, modifiedAt: Math.trunc(found.mtimeMs) };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
