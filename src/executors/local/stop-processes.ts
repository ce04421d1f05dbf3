import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, readProcess } from '../process-stat.ts';
import { thaw } from './cgroup/freezer.ts';
import { killGroups } from './cgroup/kill-groups.ts';
import { findProcesses, type Known } from './find-processes.ts';
import { readGroups } from './job-files.ts';
import type { LocalJob } from './local-job.ts';
import { sendSignal, signalGroup } from './signals.ts';

const CHECK_MS = 50;
/** How long killed processes may take to vanish before it is an error (uninterruptible sleep). */
const KILL_MS = 5000;

/**
 * Ends all processes of a job: stop signal to its group, grace, SIGKILL to whatever is left, until two
 * scans in a row find nothing.
 * @throws Error with the pids that could not be ended.
 */
export async function stopProcesses(job: LocalJob, graceSeconds: number): Promise<void> {
  const known: Known = new Map();
  await findProcesses(job, known);
  if (known.size > 0 && graceSeconds > 0) {
    const asked = await childrenOf(job.pid);
    await askToEnd(job, known);
    await awaitEnd(known, performance.now() + graceSeconds * 1000, () => askLateEngine(job, asked));
  }
  await killGroups(await readGroups(job));
  const deadline = performance.now() + KILL_MS;
  for (let emptyScans = 0; emptyScans < 2;) {
    const left = (await findProcesses(job, known)).map(({ pid }) => pid);
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

/**
 * A signal that comes just before the wrapper starts the engine ends nothing: the wrapper has to live
 * until the engine's end. So an engine that was not there yet is asked by itself.
 */
async function askLateEngine(job: LocalJob, asked: Set<number>): Promise<void> {
  for (const pid of await childrenOf(job.pid)) {
    const late = asked.has(pid) ? undefined : await readProcess(pid);
    asked.add(pid);
    if (late?.parent === job.pid) await sendSignal(pid, late.start, job.stopSignal);
  }
}

/** Pids of the children of a process; none where the kernel does not list them. */
async function childrenOf(pid: number): Promise<Set<number>> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '');
  return new Set(text.split(' ').filter(Boolean).map(Number));
}

async function awaitEnd(
  known: ReadonlyMap<number, string>,
  deadline: number,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  for (;;) {
    await meanwhile();
    const running = await Promise.all([...known].map(([pid, start]) => isRunning(pid, start)));
    if (!running.includes(true) || performance.now() >= deadline) return;
    await delay(CHECK_MS);
  }
}
