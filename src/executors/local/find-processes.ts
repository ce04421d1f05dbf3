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
  const all = await listProcesses();
  const members = await membersOf(await readGroups(job));
  for (const { pid, start } of all) if (members.has(pid)) known.set(pid, start);
  const found = processesOf(job, all, known);
  known.clear();
  for (const { pid, start } of found) known.set(pid, start);
  return found;
}
