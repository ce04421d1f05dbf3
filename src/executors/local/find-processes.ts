import { readFile } from 'node:fs/promises';
import { membersOf } from './cgroup/group-files.ts';
import { readGroups } from './job-files.ts';
import { processesOf } from './job-processes.ts';
import type { LocalJob } from './local-job.ts';
import { listProcesses, type ListedProcess } from './process-table.ts';

/** Pid → start time of what earlier scans found of a job. */
export type Known = Map<number, string>;

/**
 * Scans for the job's living processes and makes them `known`: what was seen once is found again when
 * its parents are gone.
 */
export async function findProcesses(
  job: LocalJob,
  known: Known,
): Promise<readonly ListedProcess[]> {
  // Whatever is older than the job's first process was not started by it.
  const all = await listProcesses(job.start);
  const members = await membersOf(await readGroups(job));
  for (const { pid, start } of all) if (members.has(pid)) known.set(pid, start);
  const found = processesOf(job, all, known);
  known.clear();
  for (const { pid, start } of found) known.set(pid, start);
  return found;
}

/** Scans that find nothing, in a row, after which nothing is taken to be left. */
const EMPTY_SCANS = 6;

/**
 * Tells from scans, which say whether something is left, when nothing is. A scan can miss a process that a fleeing one
 * started just before it ended; it can not when no process was started on the machine meanwhile.
 */
export function createScanCounter(): (scan: () => Promise<boolean>) => Promise<boolean> {
  let empty = 0;
  return async (scan) => {
    const before = await newestPid();
    const isLeft = await scan();
    const isSure = before !== '' && before === (await newestPid());
    if (isLeft) empty = 0;
    else empty += isSure ? EMPTY_SCANS : 1;
    return empty >= EMPTY_SCANS;
  };
}

async function newestPid(): Promise<string> {
  const load = await readFile('/proc/loadavg', 'latin1').catch(() => '');
  return load.trim().split(' ')[4] ?? '';
}
