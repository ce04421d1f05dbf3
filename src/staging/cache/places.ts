import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const PRIVATE_DIRECTORY = 0o700;

/** The directories of a cache. All moves between them are renames, so several daemons may use it at once. */
export interface CachePlaces {
  /** Files, by SHA-256. */
  readonly objects: string;
  /** What each key leads to. */
  readonly index: string;
  /** Transfers that broke, by address. */
  readonly partial: string;
  /** Transfers that go on; each belongs to one process. */
  readonly incoming: string;
}

/**
 * Makes what is not there yet.
 * @throws Error when it belongs to somebody else, or others may write there: what lies there might be theirs
 */
export async function openPlaces(root: string): Promise<CachePlaces> {
  await mkdir(root, { recursive: true, mode: PRIVATE_DIRECTORY });
  const found = await lstat(root);
  const isOurs = found.isDirectory() && found.uid === process.getuid?.();
  if (!isOurs) throw new Error(`${root} belongs to another user`);
  if ((found.mode & 0o022) !== 0) throw new Error(`${root} can be written by other users`);
  const places = {
    objects: join(root, 'objects'),
    index: join(root, 'index'),
    partial: join(root, 'partial'),
    incoming: join(root, 'incoming'),
  };
  for (const path of Object.values(places)) {
    await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
  }
  return places;
}
