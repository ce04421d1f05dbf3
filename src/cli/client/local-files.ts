import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../exit-codes.ts';

/** The absolute path of a relative or `file:` address in a file of directory `base`. */
export function resolveAddress(address: string, base: string): string {
  if (address.startsWith('file:')) return fileURLToPath(address);
  const asWritten = resolve(base, address);
  if (!address.includes('%') || existsSync(asWritten)) return asWritten;
  // `location` is a URI reference, in which a blank is %20; `path` is a plain path.
  return resolve(base, decoded(address));
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}

/** All files below a path, the path itself when it is a file. @throws UsageError when it is not there. */
export async function filesBelow(path: string, namedBy: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`${namedBy}: ${path} does not exist`);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  if (files.length === 0) throw new UsageError(`${namedBy}: ${path} holds no file to attach`);
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
}

/** The deepest directory that holds all of the paths; a path does not hold itself. */
export function commonDirectory(paths: readonly string[]): string {
  const [first = sep, ...others] = paths;
  let common = dirname(first);
  for (const path of others) {
    while (path === common || !isBelow(path, common)) common = dirname(common);
  }
  return common;
}

export function isBelow(path: string, directory: string): boolean {
  const step = relative(directory, path);
  return step !== '..' && !step.startsWith(`..${sep}`);
}

/** The name below `root` as a server takes it: with forward slashes. */
export function nameBelow(path: string, root: string): string {
  return relative(root, path).split(sep).join('/');
}
