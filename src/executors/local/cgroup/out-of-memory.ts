import type { Group } from './controller.ts';
import { counterOf, readControl } from './group-files.ts';

/** True when the kernel killed a process of the group because its memory was at the limit. */
export async function ranOutOfMemory(groups: readonly Group[]): Promise<boolean> {
  const group = groups.find(({ controllers }) => controllers.includes('memory'));
  if (!group) return false;
  return counterOf(await readControl(group, killCounterFile(group)), 'oom_kill') > 0;
}

/** The file with a line `oom_kill <count>`. */
function killCounterFile({ version }: Group): string {
  return version === 2 ? 'memory.events' : 'memory.oom_control';
}
