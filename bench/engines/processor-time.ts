import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in ticks of 10 ms (proc_pid_stat(5)). */
const TICK_SECONDS = 0.01;

interface Times {
  readonly parent: number;
  /** Of the process and of all its descendants that ended and were waited for. */
  readonly seconds: number;
}

/** Processor seconds of a process, its living descendants, and those of them that ended. */
export function treeSeconds(root: number): number {
  const all = new Map(
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0)
      .flatMap((pid) => {
        const times = timesOf(pid);
        return times === undefined ? [] : [[pid, times] as const];
      }),
  );
  let sum = 0;
  for (const [pid, { seconds }] of all) if (isBelow(pid, root, all)) sum += seconds;
  return sum;
}

/** Of this process's own children that have ended. */
export function endedChildrenSeconds(): number {
  const fields = statOf(process.pid);
  return (Number(fields[13]) + Number(fields[14])) * TICK_SECONDS;
}

function isBelow(pid: number, root: number, all: ReadonlyMap<number, Times>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.parent) {
    if (at === root) return true;
  }
  return false;
}

function timesOf(pid: number): Times | undefined {
  try {
    const fields = statOf(pid);
    // utime, stime, cutime, cstime: the 14th to 17th of proc_pid_stat(5)
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), seconds: ticks * TICK_SECONDS };
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** The fields after the name, which may hold blanks itself: the first is the state. */
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
