import { posix } from 'node:path';
import { FetchError } from '../protocol.ts';

/** Directories above the one of the primary descriptor that files may lie in. */
const MOST_UP = 16;
const LONGEST_NAME_BYTES = 255;
/** Stands for a directory whose name the registry does not tell. */
const UNNAMED = '_';

/**
 * Places for files whose paths begin at the directory of the primary descriptor, so that all of them lie
 * inside of one directory although some begin with `../`.
 * @returns by path
 * @throws FetchError for an absolute path, for one that can't be a file, and for two in one place
 */
export function placeFiles(paths: readonly string[]): ReadonlyMap<string, string> {
  const normal = paths.map((path) => posix.normalize(assertPath(path)));
  const up = Math.max(0, ...normal.map(stepsUp));
  if (up > MOST_UP) throw unusable(paths[0] ?? '');
  const start = Array.from({ length: up }, () => UNNAMED);
  const places = new Map<string, string>();
  const taken = new Set<string>();
  for (const [index, path] of paths.entries()) {
    const place = posix.join(...start, normal[index] ?? '');
    if (taken.has(place)) throw new FetchError(`its registry lists '${path}' twice`, false);
    taken.add(place);
    places.set(path, place);
  }
  assertNoFileIsDirectory(taken);
  return places;
}

function stepsUp(path: string): number {
  return path.split('/').filter((part) => part === '..').length;
}

function assertPath(path: string): string {
  const isAbsolute = path.startsWith('/') || /^[a-z]:/i.test(path);
  const names = path.split('/');
  const last = names.at(-1) ?? '';
  const isFile = !['', '.', '..'].includes(last);
  const fits = names.every((name) => Buffer.byteLength(name) <= LONGEST_NAME_BYTES);
  // oxlint-disable-next-line no-control-regex -- these are what no file's name should have
  if (isAbsolute || !isFile || !fits || /[\u0000-\u001f\\]/.test(path)) throw unusable(path);
  return path;
}

function assertNoFileIsDirectory(places: ReadonlySet<string>): void {
  for (const place of places) {
    for (let above = posix.dirname(place); above !== '.'; above = posix.dirname(above)) {
      if (places.has(above)) throw unusable(above);
    }
  }
}

function unusable(path: string): FetchError {
  return new FetchError(
    `its registry lists a file '${path.slice(0, 200)}', which can not be used`,
    false,
  );
}
