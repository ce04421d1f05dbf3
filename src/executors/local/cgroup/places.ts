import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CONTROLLERS, type Controller, type Group } from './controller.ts';
import { enableControllers, isDelegated, SERVICE_GROUP } from './delegation.ts';
import { readControl } from './group-files.ts';
import { ownGroups } from './own-groups.ts';

const run = promisify(execFile);

/** The group below which jobs can have groups with a controller; undefined where there is none. */
export type FindPlace = (controller: Controller) => Promise<Group | undefined>;

export interface PlaceSearch {
  /** Whether controllers may be enabled where that needs the processes beside us moved. */
  readonly enable: boolean;
  /** Versions of cgroups to look at; all, unless told. */
  readonly versions?: readonly Group['version'][];
}

/**
 * Looks for places for the groups of jobs. Each is tried out once: a group is made, a process enters
 * it, and it is removed.
 */
export function createPlaces(search: PlaceSearch): FindPlace {
  const found = new Map<Controller, Promise<Group | undefined>>();
  return (controller) => {
    const known = found.get(controller) ?? findPlace(controller, search);
    found.set(controller, known);
    return known;
  };
}

/** Places by hierarchy: groups in the same directory become one, with all their controllers. */
export function mergePlaces(places: readonly Group[]): readonly Group[] {
  const paths = [...new Set(places.map(({ path }) => path))];
  return paths.flatMap((path) => {
    const same = places.filter((one) => one.path === path);
    const [first] = same;
    const names = same.flatMap(({ controllers }) => controllers);
    return first
      ? [{ ...first, controllers: CONTROLLERS.filter((one) => names.includes(one)) }]
      : [];
  });
}

async function findPlace(
  controller: Controller,
  { enable, versions = [1, 2] }: PlaceSearch,
): Promise<Group | undefined> {
  const own = await readOwnGroups().catch(() => []);
  const fitting = own.filter(
    (one) => one.controllers.includes(controller) && versions.includes(one.version),
  );
  // Version 1 first: where a controller is there, version 2 does not have it.
  for (const group of fitting.toSorted((a, b) => a.version - b.version)) {
    const place = { ...placeBeside(group), controllers: [controller] };
    if (await isUsable(place, controller, enable)) return place;
  }
  return undefined;
}

async function readOwnGroups(): Promise<readonly Group[]> {
  const [cgroup, mountinfo] = await Promise.all([
    readFile('/proc/self/cgroup', 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8'),
  ]);
  return ownGroups(cgroup, mountinfo);
}

/** The service's own processes may be in a group beside those of the jobs, see delegation.ts. */
function placeBeside(group: Group): Group {
  const isService = group.version === 2 && basename(group.path) === SERVICE_GROUP;
  return isService ? { ...group, path: dirname(group.path) } : group;
}

async function isUsable(place: Group, controller: Controller, enable: boolean): Promise<boolean> {
  if (place.version === 1) return await canEnter(place, CONTROL_FILES[controller]);
  if (!(await isDelegated(place))) return false;
  if (controller === 'freezer') return await canEnter(place, 'cgroup.freeze');
  const offered = (await readControl(place, 'cgroup.controllers')) ?? '';
  if (!offered.trim().split(' ').includes(controller)) return false;
  return enable ? await enableControllers(place, controller) : true;
}

/** A file that a group of version 1 has when the controller is there. */
const CONTROL_FILES: Readonly<Record<Controller, string>> = {
  memory: 'memory.limit_in_bytes',
  cpu: 'cpu.cfs_quota_us',
  pids: 'pids.max',
  freezer: 'freezer.state',
};

/** Tries a group: a shell of its own enters it and can write to the controller's file. */
async function canEnter(place: Group, file: string): Promise<boolean> {
  const probe = join(place.path, `wes-probe-${randomUUID()}`);
  const script = 'echo $$ > "$1/cgroup.procs" && test -w "$1/$2"';
  try {
    await mkdir(probe);
    await run('/bin/sh', ['-c', script, 'wes-probe', probe, file]);
    return true;
  } catch {
    return false;
  } finally {
    await rmdir(probe).catch(() => undefined);
  }
}
