import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from '../process-stat.ts';
import { thaw } from './cgroup/freezer.ts';
import { killGroups } from './cgroup/kill-groups.ts';
import { createScanCounter, findProcesses, type Known } from './find-processes.ts';
import { readGroups, writeStop } from './job-files.ts';
import type { LocalJob } from './local-job.ts';
import { sendSignal, signalGroup } from './signals.ts';

const CHECK_MS = 50;
/** How long killed processes may take to vanish before it is an error (uninterruptible sleep). */
const KILL_MS = 5000;

/**
 * Ends all processes of a job: stop signal to its group, grace, SIGKILL to whatever is left, until scans
 * find nothing.
 * @throws Error with the pids that could not be ended.
 */
export async function stopProcesses(job: LocalJob, graceSeconds: number): Promise<void> {
  const known: Known = new Map();
  await findProcesses(job, known);
  if (known.size > 0 && graceSeconds > 0) {
    await writeStop(job.directory);
    await askToEnd(job, known);
    await awaitEnd(known, performance.now() + graceSeconds * 1000);
  }
  await killGroups(await readGroups(job));
  const deadline = performance.now() + KILL_MS;
  const isOver = createScanCounter();
  let left: readonly number[] = [];
  const scan = async (): Promise<boolean> => {
    left = (await findProcesses(job, known)).map(({ pid }) => pid);
    // All are stopped first, so that none of them can start another while the rest is killed.
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
      for (const pid of left) await sendSignal(pid, known.get(pid), signal);
    }
    return left.length > 0;
  };
  while (!(await isOver(scan))) {
    if (left.length > 0 && performance.now() > deadline) {
      throw new Error(`Processes ${left.join(', ')} could not be ended with SIGKILL.`);
    }
    if (left.length > 0) {
      await awaitEnd(known, Math.min(deadline, performance.now() + 10 * CHECK_MS));
    }
  }
}

/**
 * The engine and its children hear the stop signal at once; without the group, each process by itself.
 * A stopped process hears nothing until it goes on, and an engine that ends its tasks waits for them.
 */
async function askToEnd(job: LocalJob, known: Known): Promise<void> {
  if (!(await signalGroup(job, job.stopSignal))) {
    for (const [pid, start] of known) await sendSignal(pid, start, job.stopSignal);
  }
  for (const [pid, start] of known) await sendSignal(pid, start, 'SIGCONT');
  await thaw(await readGroups(job));
}

async function awaitEnd(known: ReadonlyMap<number, string>, deadline: number): Promise<void> {
  for (;;) {
    const running = await Promise.all([...known].map(([pid, start]) => isRunning(pid, start)));
    if (!running.includes(true) || performance.now() >= deadline) return;
    await delay(CHECK_MS);
  }
}
