import { execFile } from 'node:child_process';
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Controller, Group } from './controller.ts';
import { membersOf, readControl, writeControl } from './group-files.ts';

const run = promisify(execFile);

/**
 * Where the service's own processes go. A group of version 2 that has processes can not give
 * controllers to groups below it; systemd puts them there by itself with DelegateSubgroup=.
 */
export const SERVICE_GROUP = 'wes-daemon';

/** Processes may be started while they are moved. */
const MOVE_ROUNDS = 10;

/**
 * True when groups of version 2 may be made below this one. What an ordinary user can write was given
 * to it. Root can write everywhere, so it asks: all of a container's hierarchy is its own, of a
 * machine's what systemd says.
 */
export async function isDelegated(place: Group): Promise<boolean> {
  const files = ['.', 'cgroup.procs', 'cgroup.subtree_control'];
  const writable = await Promise.all(files.map((file) => isWritable(join(place.path, file))));
  if (writable.includes(false)) return false;
  if (process.getuid?.() !== 0) return true;
  const unit = place.path.split('/').findLast((name) => /\.(service|scope)$/.test(name));
  return unit === undefined ? !/\.slice(\/|$)/.test(place.path) : await isDelegatedUnit(unit);
}

/** Makes a controller available to groups below the place. False where that can not be done. */
export async function enableControllers(place: Group, controller: Controller): Promise<boolean> {
  if (await isEnabled(place, controller)) return true;
  const ask = (): Promise<void> => writeControl(place, 'cgroup.subtree_control', `+${controller}`);
  try {
    await ask().catch(async () => {
      await moveToServiceGroup(place);
      await ask();
    });
    return await isEnabled(place, controller);
  } catch {
    return false;
  }
}

async function isEnabled(place: Group, controller: Controller): Promise<boolean> {
  const enabled = (await readControl(place, 'cgroup.subtree_control')) ?? '';
  return enabled.trim().split(' ').includes(controller);
}

/** Moves all processes of a group that was delegated to the service, and so are its own. */
async function moveToServiceGroup(place: Group): Promise<void> {
  const leaf: Group = { ...place, path: join(place.path, SERVICE_GROUP) };
  await mkdir(leaf.path, { recursive: true });
  for (let round = 0; round < MOVE_ROUNDS; round += 1) {
    const pids = await membersOf([place]);
    if (pids.size === 0) return;
    for (const pid of pids) {
      // One that ended meanwhile needs no move.
      await writeFile(join(leaf.path, 'cgroup.procs'), String(pid)).catch(() => undefined);
    }
  }
}

async function isDelegatedUnit(unit: string): Promise<boolean> {
  const asked = await run('systemctl', ['show', '--property=Delegate', '--', unit]).catch(
    () => undefined,
  );
  return asked?.stdout.trim() === 'Delegate=yes';
}

async function isWritable(path: string): Promise<boolean> {
  return await access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
