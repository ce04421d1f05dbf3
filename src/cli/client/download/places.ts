import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { WesClientError } from '../../../wes/client-error.ts';
import { codeOf } from './file-error.ts';

/** Where what has not come whole yet is kept, below the directory of a download. */
export const PARTIAL_FOLDER = '.wes-partial';

/**
 * Makes sure of the place of a file below `directory`, and of the folders on the way. The server names the
 * places, so it must not be able to name one outside; nor may a link that lies in the directory lead there.
 * @param directory real path
 * @throws WesClientError `server_error` for a name that is none, `refused` where something is in the way
 */
export async function placeOf(directory: string, path: string): Promise<string> {
  const segments = safeSegments(path);
  let folder = directory;
  for (const segment of segments.slice(0, -1)) {
    folder = join(folder, segment);
    await realFolder(folder);
  }
  const place = join(folder, segments.at(-1) ?? '');
  const found = await lstat(place).catch(nothingWhenMissing);
  if (found?.isDirectory() === true) throw inTheWay(place, 'is a directory');
  return place;
}

/** The directory of a download, made where it is not there yet. It may be reached by links: a person named it. */
export async function rootFolder(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  return await realpath(directory);
}

/** Makes the folder if need be. @throws WesClientError `refused` when it is anything but a real folder */
export async function realFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  const found = await lstat(folder);
  if (found.isSymbolicLink()) throw inTheWay(folder, 'is a link, which may lead elsewhere');
  if (!found.isDirectory()) throw inTheWay(folder, 'is no directory');
}

export function safeSegments(path: string): readonly string[] {
  const segments = path.split('/');
  const isBad = (segment: string) => ['', '.', '..'].includes(segment) || /[\\\0]/.test(segment);
  if (segments.some(isBad) || segments[0] === PARTIAL_FOLDER) {
    const problem = `The server names an output "${path}", which is no safe place for a file`;
    throw new WesClientError('server_error', problem);
  }
  return segments;
}

function inTheWay(path: string, problem: string): WesClientError {
  return new WesClientError(
    'refused',
    `${path} ${problem}: remove it, or choose another directory`,
  );
}

function nothingWhenMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}
