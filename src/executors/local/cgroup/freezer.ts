import { setTimeout as delay } from 'node:timers/promises';
import type { Group } from './controller.ts';
import { counterOf, readControl, writeControl } from './group-files.ts';

const CHECK_MS = 10;

/**
 * Stops all processes of the group as one: none of them can start another meanwhile. False when there
 * is no such group, or it did not come to rest in time; then its processes go on.
 */
export async function freeze(
  groups: readonly Group[],
  { withinMs }: { readonly withinMs: number },
): Promise<boolean> {
  const group = freezerOf(groups);
  if (!group) return false;
  const deadline = performance.now() + withinMs;
  try {
    do {
      // Version 1 needs to be told again when a process was not to be caught the first time.
      await setFrozen(group, true);
      if (await isFrozen(groups)) return true;
      await delay(CHECK_MS);
    } while (performance.now() < deadline);
  } catch {
    // The group is gone, or not ours to write: the processes are stopped one by one.
  }
  await thaw(groups);
  return false;
}

/** Lets the processes of a frozen group go on; nothing where there is no group. */
export async function thaw(groups: readonly Group[]): Promise<void> {
  const group = freezerOf(groups);
  // A group that was removed holds nobody.
  if (group && (await readControl(group, 'cgroup.procs')) !== undefined) {
    await setFrozen(group, false);
  }
}

export async function isFrozen(groups: readonly Group[]): Promise<boolean> {
  const group = freezerOf(groups);
  if (!group) return false;
  if (group.version === 1) return (await readControl(group, 'freezer.state')) === 'FROZEN\n';
  return counterOf(await readControl(group, 'cgroup.events'), 'frozen') === 1;
}

function freezerOf(groups: readonly Group[]): Group | undefined {
  return groups.find(({ controllers }) => controllers.includes('freezer'));
}

async function setFrozen(group: Group, frozen: boolean): Promise<void> {
  if (group.version === 2) return writeControl(group, 'cgroup.freeze', frozen ? '1' : '0');
  return writeControl(group, 'freezer.state', frozen ? 'FROZEN' : 'THAWED');
}
