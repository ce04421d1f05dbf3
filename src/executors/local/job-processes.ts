import { sep } from 'node:path';
import { RUN_MARKER } from '../../runs/command.ts';
import type { LocalJob } from './local-job.ts';
import type { ListedProcess } from './process-table.ts';

/** Tells attempts at one run apart in the environment, beside RUN_MARKER. */
export const ATTEMPT_MARKER = 'WES_RUN_ATTEMPT';

/** Pid → start time, of processes already known to be the job's: their descendants are too. */
export type KnownProcesses = ReadonlyMap<number, string>;

/**
 * The job's processes, found in every way that survives a double fork, a new session or a cleared
 * environment (engines give tasks little more than HOME and TMPDIR, which lie below the run's root).
 */
export function processesOf(
  job: LocalJob,
  processes: readonly ListedProcess[],
  known: KnownProcesses,
): readonly ListedProcess[] {
  const byPid = new Map(processes.map((one) => [one.pid, one]));
  // The session's number stays its own while one member lives, also after its leader ended; a leader
  // with another start time is a later process that got the pid anew.
  const leader = byPid.get(job.pid);
  const sessionIsOurs = leader === undefined || leader.start === job.start;
  const found = new Set<number>();
  for (const one of processes) {
    const inSession = sessionIsOurs && (one.session === job.pid || one.group === job.pid);
    const isKnown = known.get(one.pid) === one.start;
    if (inSession || isKnown || carriesMarker(job, one) || worksBelow(job, one)) found.add(one.pid);
  }
  addDescendants(processes, found);
  return processes.filter((one) => found.has(one.pid));
}

function carriesMarker(job: LocalJob, { environment }: ListedProcess): boolean {
  if (environment.some((entry) => namesPath(entry, job.runRoot))) return true;
  if (!environment.includes(`${RUN_MARKER}=${job.runId}`)) return false;
  // A later attempt at the same run may execute on this host by now.
  const attempt = environment.find((entry) => entry.startsWith(`${ATTEMPT_MARKER}=`));
  return attempt === undefined || attempt === `${ATTEMPT_MARKER}=${job.attempt}`;
}

/** True when the path, or one below it, is in the text: `/runs/1` is not in `HOME=/runs/12`. */
function namesPath(text: string, path: string): boolean {
  for (let at = text.indexOf(path); at >= 0; at = text.indexOf(path, at + 1)) {
    const before = text[at - 1];
    const after = text[at + path.length];
    const begins = before === undefined || '=:, '.includes(before);
    if (begins && (after === undefined || '/:, '.includes(after))) return true;
  }
  return false;
}

/** A shell with a terminal in the run's directory is a person who looks around, not part of the job. */
function worksBelow(job: LocalJob, { workingDirectory, terminal }: ListedProcess): boolean {
  if (workingDirectory === undefined || terminal !== 0) return false;
  return workingDirectory === job.runRoot || workingDirectory.startsWith(job.runRoot + sep);
}

function addDescendants(processes: readonly ListedProcess[], found: Set<number>): void {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of processes) {
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  // A set visits what is added while it is walked, so this reaches every generation.
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
}
