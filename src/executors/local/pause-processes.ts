import { setTimeout as delay } from 'node:timers/promises';
import { findProcesses, type Known } from './find-processes.ts';
import type { LocalJob } from './local-job.ts';
import type { ListedProcess } from './process-table.ts';
import { sendSignal, signalGroup } from './signals.ts';

const CHECK_MS = 20;
/** How long the processes of a job may take to stop before it is an error. */
const PAUSE_MS = 20_000;
/** A process may stop itself again and again; that is its own affair. */
const RESUME_SCANS = 5;

/**
 * Stops all processes of a job with SIGSTOP, again and again until a scan finds none that runs: a
 * process that is stopped starts no other.
 * @throws Error with the pids that could not be stopped; then all go on.
 */
export async function pauseProcesses(job: LocalJob): Promise<void> {
  const known: Known = new Map();
  const told = new Set<string>();
  // The group first, because it is stopped as one: a loop of forks in it can not run ahead of us.
  await signalGroup(job, 'SIGSTOP');
  const deadline = performance.now() + PAUSE_MS;
  for (;;) {
    const running = (await findProcesses(job, known)).filter((one) => !standsStill(one, told));
    if (running.length === 0) return;
    if (performance.now() > deadline) {
      await resumeProcesses(job);
      const pids = running.map(({ pid }) => pid).join(', ');
      throw new Error(`Processes ${pids} could not be stopped with SIGSTOP.`);
    }
    for (const { pid, start } of running) {
      await sendSignal(pid, start, 'SIGSTOP');
      told.add(identity({ pid, start }));
    }
    await delay(CHECK_MS);
  }
}

/** Lets all stopped processes of a job go on. */
export async function resumeProcesses(job: LocalJob): Promise<void> {
  const known: Known = new Map();
  for (let scan = 0; scan < RESUME_SCANS; scan += 1) {
    const all = await findProcesses(job, known);
    if (scan > 0 && !all.some((one) => one.stopped)) return;
    // Also to those that are not stopped yet: a SIGSTOP on its way to them is forgotten.
    for (const { pid, start } of all) await sendSignal(pid, start, 'SIGCONT');
    await delay(CHECK_MS);
  }
}

/** A process asleep in the kernel with SIGSTOP before it (a vfork, a slow disk) stops before it runs again. */
function standsStill(one: ListedProcess, told: ReadonlySet<string>): boolean {
  return one.stopped || (one.uninterruptible && told.has(identity(one)));
}

function identity({ pid, start }: Pick<ListedProcess, 'pid' | 'start'>): string {
  return `${pid} ${start}`;
}
