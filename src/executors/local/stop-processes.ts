import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from '../process-stat.ts';
import { processesOf } from './job-processes.ts';
import type { LocalJob } from './local-job.ts';
import { listProcesses } from './process-table.ts';

const CHECK_MS = 50;
/** How long killed processes may take to vanish before it is an error (uninterruptible sleep). */
const KILL_MS = 5000;

/**
 * Ends all processes of a job: stop signal to its group, grace, SIGKILL to whatever is left, until two
 * scans in a row find nothing.
 * @throws Error with the pids that could not be ended.
 */
export async function stopProcesses(job: LocalJob, graceSeconds: number): Promise<void> {
  const known = new Map<number, string>();
  await findProcesses(job, known);
  if (known.size > 0 && graceSeconds > 0) {
    await signalGroup(job, known);
    await awaitEnd(known, performance.now() + graceSeconds * 1000);
  }
  const deadline = performance.now() + KILL_MS;
  for (let emptyScans = 0; emptyScans < 2;) {
    const left = await findProcesses(job, known);
    emptyScans = left.length === 0 ? emptyScans + 1 : 0;
    if (left.length === 0) continue;
    if (performance.now() > deadline) {
      throw new Error(`Processes ${left.join(', ')} could not be ended with SIGKILL.`);
    }
    // All are stopped first, so that none of them can start another while the rest is killed.
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
      for (const pid of left) await sendSignal(pid, known.get(pid), signal);
    }
    await awaitEnd(known, Math.min(deadline, performance.now() + 10 * CHECK_MS));
  }
}

/** Scans for the job's processes and adds them to `known`: what was seen once is found again when its parents are gone. */
async function findProcesses(job: LocalJob, known: Map<number, string>): Promise<number[]> {
  const found = processesOf(job, await listProcesses(), known);
  known.clear();
  for (const { pid, start } of found) known.set(pid, start);
  return found.map(({ pid }) => pid);
}

/** The engine and its children hear the stop signal at once; without the group, each process by itself. */
async function signalGroup(job: LocalJob, known: ReadonlyMap<number, string>): Promise<void> {
  if (known.get(job.pid) === job.start && (await isRunning(job.pid, job.start))) {
    // A stopped process hears nothing until it goes on.
    for (const signal of [job.stopSignal, 'SIGCONT'] as const) kill(-job.pid, signal);
    return;
  }
  for (const [pid, start] of known) await sendSignal(pid, start, job.stopSignal);
}

async function awaitEnd(known: ReadonlyMap<number, string>, deadline: number): Promise<void> {
  for (;;) {
    const running = await Promise.all([...known].map(([pid, start]) => isRunning(pid, start)));
    if (!running.includes(true) || performance.now() >= deadline) return;
    await delay(CHECK_MS);
  }
}

/** The start time is looked at in the last moment: the pid may belong to somebody else by now. */
async function sendSignal(pid: number, start: string | undefined, signal: NodeJS.Signals) {
  if (start !== undefined && (await isRunning(pid, start))) kill(pid, signal);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!isGone) throw error;
  }
}
