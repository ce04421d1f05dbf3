import { readdir, readlink, stat } from 'node:fs/promises';
import { readProcess, type ProcessStat } from '../process-stat.ts';
import { readProc } from '../read-proc.ts';

/** A process with the traits by which a job's own processes are known. */
export interface ListedProcess extends ProcessStat {
  /** `NAME=value` entries; empty when the process may not be read. */
  readonly environment: readonly string[];
  /** Undefined when the process may not be read. */
  readonly workingDirectory: string | undefined;
}

const READ_AT_ONCE = 32;

/**
 * All living processes that this user may signal, but for ourselves and the init process; with `since`,
 * a start time, only those that are not older.
 */
export async function listProcesses(since = '0'): Promise<readonly ListedProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const others = pids.filter((pid) => pid !== process.pid && pid !== 1);
  // The youngest first: they are the likeliest to end, or to start another, before they are looked at.
  const candidates = others.toSorted((a, b) => b - a);
  const listed: ListedProcess[] = [];
  for (let first = 0; first < candidates.length; first += READ_AT_ONCE) {
    const found = await Promise.all(
      candidates.slice(first, first + READ_AT_ONCE).map((pid) => readListed(pid, Number(since))),
    );
    listed.push(...found.filter((one) => one !== undefined));
  }
  return listed;
}

async function readListed(pid: number, since: number): Promise<ListedProcess | undefined> {
  const found = await readProcess(pid);
  if (!found?.alive || Number(found.start) < since || !(await isOurs(pid))) return undefined;
  const [environment, workingDirectory] = await Promise.all([
    readProc(`/proc/${pid}/environ`, 'utf8').then(
      (text) => text.split('\0'),
      () => [],
    ),
    readlink(`/proc/${pid}/cwd`).catch(() => undefined),
  ]);
  return { ...found, environment, workingDirectory };
}

/** Other users' processes are left alone, also by root: they only happen to look at the run's files. */
async function isOurs(pid: number): Promise<boolean> {
  try {
    return (await stat(`/proc/${pid}`)).uid === process.getuid?.();
  } catch {
    return false; // it ended meanwhile
  }
}
