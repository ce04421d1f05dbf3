import { mkdir, readdir, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CONTROLLERS, type Group } from './controller.ts';

const PREFIX = 'wes-run-';
const CHECK_MS = 10;
/** How long the kernel may take to let go of processes that have ended. */
const REMOVE_MS = 2000;
/** A younger group may be one that a job is just about to enter. */
const SWEEP_AGE_MS = 60_000;

export interface JobName {
  readonly runId: string;
  readonly attempt: number;
}

/** The name of a job's groups, by which they are known as its own. */
function groupName({ runId, attempt }: JobName): string {
  return `${PREFIX}${runId.replaceAll(/[^\w-]/g, '_')}-${attempt}`;
}

/** Makes the job's groups below the given ones. */
export async function makeGroups(
  job: JobName,
  places: readonly Group[],
): Promise<readonly Group[]> {
  const groups = places.map((place) => ({ ...place, path: join(place.path, groupName(job)) }));
  for (const { path } of groups) await mkdir(path, { recursive: true });
  return groups;
}

/** Removes groups that have no processes; one that still has some stays, for the next sweep. */
export async function removeGroups(groups: readonly Group[]): Promise<void> {
  const deadline = performance.now() + REMOVE_MS;
  for (const { path } of groups) {
    while (!(await removeGroup(path)) && performance.now() < deadline) await delay(CHECK_MS);
  }
}

/** Removes the empty groups that jobs of daemons which are no more left below the given ones. */
export async function sweepGroups(
  places: readonly Group[],
  { olderThanMs = SWEEP_AGE_MS }: { readonly olderThanMs?: number } = {},
): Promise<void> {
  for (const { path } of places) {
    const names = await readdir(path).catch(() => []);
    for (const name of names.filter((one) => one.startsWith(PREFIX))) {
      const group = join(path, name);
      const changed = await stat(group).catch(() => undefined);
      if (changed && Date.now() - changed.ctimeMs >= olderThanMs) await removeGroup(group);
    }
  }
}

/** A line of the claim for each group: `version:controllers:path`. */
export function groupsToText(groups: readonly Group[]): string {
  return groups.map((one) => `${one.version}:${one.controllers.join(',')}:${one.path}`).join('\n');
}

/** Groups that do not carry the job's name are not its own, whoever wrote them down. */
export function groupsFromText(job: JobName, text: string): readonly Group[] {
  return text.split('\n').flatMap((line): readonly Group[] => {
    const [, version, names = '', path = ''] = /^([12]):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (basename(path) !== groupName(job)) return [];
    const controllers = CONTROLLERS.filter((one) => names.split(',').includes(one));
    return [{ version: version === '2' ? 2 : 1, path, controllers }];
  });
}

/** True when the group is gone. The kernel keeps one that has processes or groups of its own. */
async function removeGroup(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}
