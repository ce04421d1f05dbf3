import { lstat, mkdir, readdir, readlink, rename, rm, symlink, utimes } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Run } from '../runs/run.ts';
import { removeDirectory } from './remove-directory.ts';

/*
 * Directories in which engines keep the results of tasks. Each belongs to a run and to those that repeat
 * it, whose names are links to it: `<root>/<run id>` is a directory, or a link to one beside it. Its time
 * of change tells when it was last used. See docs/adr/0010-caches-belong-to-a-lineage.md.
 */

const RUN_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
/** Of what is being removed; no run has such a name. */
const GOING = '.going-';
const PRIVATE = 0o700;

export interface Cache {
  /** Of the directory below the root. */
  readonly name: string;
  /** The runs that use it, the one it is named for included. */
  readonly runIds: readonly string[];
  /** ms since the epoch. */
  readonly usedAt: number;
}

/** The directory of the run's earlier attempts, or of the run that it repeats, or a new one; absolute. */
export async function openCache(
  root: string,
  { runId, rerunOf }: Pick<Run, 'runId' | 'rerunOf'>,
  at: number,
): Promise<string> {
  await mkdir(root, { recursive: true, mode: PRIVATE });
  const name = (await nameOf(root, runId)) ?? (await makeFor(root, runId, rerunOf));
  await markUsed(root, name, at);
  return join(root, name);
}

async function makeFor(root: string, runId: string, rerunOf: string | undefined): Promise<string> {
  const own = join(root, runId);
  await rm(own, { force: true }); // a link to nothing
  const earlier = rerunOf === undefined ? undefined : await nameOf(root, rerunOf);
  if (earlier === undefined) await mkdir(own, { mode: PRIVATE });
  else await symlink(earlier, own);
  return earlier ?? runId;
}

/** Notes that the cache of a run, where it has one, is in use. */
export async function touchCache(root: string, runId: string, at: number): Promise<void> {
  const name = await nameOf(root, runId);
  if (name !== undefined) await markUsed(root, name, at);
}

async function markUsed(root: string, name: string, at: number): Promise<void> {
  await utimes(join(root, name), at / 1000, at / 1000);
}

/** Of the directory that belongs to the run; undefined when it has none. */
async function nameOf(root: string, runId: string): Promise<string | undefined> {
  const name = await readlink(join(root, runId)).catch(() => runId);
  if (!RUN_ID.test(name)) return undefined;
  const found = await lstat(join(root, name)).catch(() => undefined);
  return found?.isDirectory() === true ? name : undefined;
}

export async function listCaches(root: string): Promise<readonly Cache[]> {
  const runIds = new Map<string, string[]>();
  for (const entry of await entriesOf(root)) {
    const name = await nameOf(root, entry);
    if (name !== undefined) runIds.set(name, [...(runIds.get(name) ?? []), entry]);
  }
  const caches: Cache[] = [];
  for (const [name, users] of runIds) {
    const found = await lstat(join(root, name)).catch(() => undefined);
    if (found) caches.push({ name, runIds: users, usedAt: found.mtimeMs });
  }
  return caches;
}

/** Links to nothing, and directories whose removal was cut off. */
export async function removeLeftovers(root: string): Promise<void> {
  for (const entry of await entriesOf(root)) {
    const isOurs = RUN_ID.test(entry) || entry.startsWith(GOING);
    if (isOurs && (await nameOf(root, entry)) === undefined) {
      await removeDirectory(join(root, entry));
    }
  }
}

/** None where no run has asked for a cache yet. */
async function entriesOf(root: string): Promise<readonly string[]> {
  return readdir(root).catch(() => []);
}

/** False when it was used since it was listed, and stays. Several at once do no harm. */
export async function removeCache(root: string, { name, runIds, usedAt }: Cache): Promise<boolean> {
  const place = join(root, name);
  const going = join(root, `${GOING}${randomUUID()}`);
  await rename(place, going);
  const { mtimeMs } = await lstat(going);
  // A run that opens it now makes a new one; one that was faster has left its mark.
  if (mtimeMs !== usedAt && (await isPutBack(going, place))) return false;
  for (const runId of runIds) if (runId !== name) await rm(join(root, runId), { force: true });
  await removeDirectory(going);
  return true;
}

async function isPutBack(going: string, place: string): Promise<boolean> {
  return rename(going, place).then(
    () => true,
    () => false,
  );
}
