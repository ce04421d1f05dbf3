import { readProc } from './read-proc.ts';

/** What Linux tells about a process in /proc/<pid>/stat (proc(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Device number of the controlling terminal; 0 for none. */
  readonly terminal: number;
  /** Start time in clock ticks since boot: with the pid it names a process for good. */
  readonly start: string;
  /** False for a zombie, which runs no more and only waits for its parent. */
  readonly alive: boolean;
  /** Stopped by a signal or a debugger. */
  readonly stopped: boolean;
  /** Asleep in the kernel, where no signal reaches it until the kernel is done. */
  readonly uninterruptible: boolean;
}

/** The process with this pid in our pid namespace, a zombie included; undefined when there is none. */
export async function readProcess(pid: number): Promise<ProcessStat | undefined> {
  try {
    return parseStat(await readProc(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** True when the process that had this pid and start time still runs. */
export async function isRunning(pid: number, start: string): Promise<boolean> {
  const found = await readProcess(pid);
  return found !== undefined && found.alive && found.start === start;
}

function parseStat(text: string): ProcessStat | undefined {
  // The name in parentheses may itself hold spaces and parentheses.
  const nameEnd = text.lastIndexOf(')');
  const [state, parent, group, session, terminal, ...rest] = text.slice(nameEnd + 2).split(' ');
  const start = rest[14]; // field 22 of proc(5)
  if (nameEnd < 0 || start === undefined) return undefined;
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    terminal: Number(terminal),
    start,
    alive: state !== 'Z' && state !== 'X',
    stopped: state === 'T' || state === 't',
    uninterruptible: state === 'D',
  };
}
