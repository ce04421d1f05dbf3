import { setTimeout as delay } from 'node:timers/promises';
import { freeze, isFrozen, thaw } from './cgroup/freezer.ts';
import { membersOf } from './cgroup/group-files.ts';
import { createScanCounter, findProcesses, type Known } from './find-processes.ts';
import { readGroups } from './job-files.ts';
import type { LocalJob } from './local-job.ts';
import type { ListedProcess } from './process-table.ts';
import { sendSignal, signalGroup } from './signals.ts';

const CHECK_MS = 20;
/** How long the processes of a job may take to stop before it is an error. */
const PAUSE_MS = 20_000;
const NOBODY: ReadonlySet<number> = new Set();
/** A process may stop itself again and again; that is its own affair. */
const RESUME_SCANS = 5;

/**
 * Stops all processes of a job: its group is frozen, and what is outside, or all where it has none, is
 * stopped with SIGSTOP again and again until a scan finds none that runs: a process that is stopped
 * starts no other.
 * @throws Error with the pids that could not be stopped; then all go on.
 */
export async function pauseProcesses(job: LocalJob): Promise<void> {
  const frozen = await freezeMembers(job);
  const known: Known = new Map();
  const told = new Set<string>();
  // The session's group at once, because it is stopped as one: a loop of forks in it can't run ahead.
  if (frozen.size === 0) await signalGroup(job, 'SIGSTOP');
  const deadline = performance.now() + PAUSE_MS;
  const isOver = createScanCounter();
  let running: readonly ListedProcess[] = [];
  const scan = async (): Promise<boolean> => {
    const all = await findProcesses(job, known);
    running = all.filter((one) => !frozen.has(one.pid) && !standsStill(one, told));
    for (const { pid, start } of running) {
      await sendSignal(pid, start, 'SIGSTOP');
      told.add(identity({ pid, start }));
    }
    return running.length > 0;
  };
  while (!(await isOver(scan))) {
    if (running.length > 0 && performance.now() > deadline) {
      await resumeProcesses(job);
      const pids = running.map(({ pid }) => pid).join(', ');
      throw new Error(`Processes ${pids} could not be stopped with SIGSTOP.`);
    }
    if (running.length > 0) await delay(CHECK_MS);
  }
}

/** Lets all processes of a job go on that were stopped. */
export async function resumeProcesses(job: LocalJob): Promise<void> {
  const groups = await readGroups(job);
  const frozen = (await isFrozen(groups)) ? await membersOf(groups) : NOBODY;
  await thaw(groups);
  const known: Known = new Map();
  for (let scan = 0; scan < RESUME_SCANS; scan += 1) {
    const all = (await findProcesses(job, known)).filter(({ pid }) => !frozen.has(pid));
    if (scan > 0 && !all.some((one) => one.stopped)) return;
    // Also to those that are not stopped yet: a SIGSTOP on its way to them is forgotten.
    for (const { pid, start } of all) await sendSignal(pid, start, 'SIGCONT');
    await delay(CHECK_MS);
  }
}

/** Pids of the processes that stand still because their group is frozen. */
async function freezeMembers(job: LocalJob): Promise<ReadonlySet<number>> {
  const groups = await readGroups(job);
  const isSo = await freeze(groups, { withinMs: PAUSE_MS });
  return isSo ? await membersOf(groups) : NOBODY;
}

/** A process asleep in the kernel with SIGSTOP before it (a vfork, a slow disk) stops before it runs again. */
function standsStill(one: ListedProcess, told: ReadonlySet<string>): boolean {
  return one.stopped || (one.uninterruptible && told.has(identity(one)));
}

function identity({ pid, start }: Pick<ListedProcess, 'pid' | 'start'>): string {
  return `${pid} ${start}`;
}
