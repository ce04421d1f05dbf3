import type { Group } from './controller.ts';
import { freeze, thaw } from './freezer.ts';
import { membersOf, readControl, writeControl } from './group-files.ts';

const FREEZE_MS = 1000;

/**
 * Kills all processes of the job's groups at once, so that none can start another meanwhile. A help
 * only: the scans that follow tell whether something is left.
 */
export async function killGroups(groups: readonly Group[]): Promise<void> {
  if ((await membersOf(groups)).size === 0) return;
  if (await killAsOne(groups)) return;
  await freeze(groups, { withinMs: FREEZE_MS });
  for (const pid of await membersOf(groups)) killMember(pid);
  // Version 1 delivers no signal to frozen processes.
  await thaw(groups);
}

/** Version 2 of Linux 5.14 and later. */
async function killAsOne(groups: readonly Group[]): Promise<boolean> {
  const group = groups.find(({ version }) => version === 2);
  if (!group || (await readControl(group, 'cgroup.procs')) === '') return false;
  return await writeControl(group, 'cgroup.kill', '1').then(
    () => true,
    () => false,
  );
}

function killMember(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile, or the scans will name it.
  }
}
