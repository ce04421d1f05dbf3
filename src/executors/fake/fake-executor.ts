import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from '../../runs/command.ts';
import type { Executor, JobContext, JobId, JobStatus, LimitSupport } from '../executor.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import {
  growFile,
  readJob,
  readStop,
  readTurns,
  writeJob,
  writeStop,
  writeTurn,
  type FakeJob,
} from './fake-job.ts';
import { portion, progressOf } from './fake-progress.ts';
import { parseFakeWork, type FakeWork } from './fake-work.ts';

export interface FakeExecutorSettings {
  /**
   * Directory in which each execution leaves the file `<run id>.<attempt>`, exclusively: the proof of
   * how often something was executed. Nothing is left without it.
   */
  readonly markDirectory?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const TERMINATED = 143;
/** Nothing is executed, so nothing is ever above a limit. */
const LIMIT_SUPPORT: LimitSupport = {
  kept: ['memory', 'CPU', 'process'],
  missing: [],
  pause: 'a clock that stands still',
  remedy: '',
};
/** How often a watcher looks whether a paused job goes on. */
const PAUSE_CHECK_MS = 200;

/**
 * Simulates execution: no process, only a record on disk from which any process computes with the
 * clock what the job has done so far. The request steers it, see `FakeWork`.
 */
export function createFakeExecutor(settings: FakeExecutorSettings = {}): Executor {
  const now = settings.now ?? Date.now;

  async function start(command: Command, context: JobContext): Promise<JobId> {
    const argument = command.argv[1] ?? '';
    if (parseFakeWork(argument).startFails)
      throw new Error('The request asked for a failing start.');
    const { runId, attempt, directory } = context;
    const { stdoutPath, stderrPath } = command;
    const job = { runId, attempt, startedAt: now(), argument, stdoutPath, stderrPath };
    if (await writeJob(directory, job)) await leaveMark(settings.markDirectory, context);
    return jobIdOf(directory);
  }

  async function poll(jobId: JobId): Promise<JobStatus> {
    const directory = directoryOf(jobId);
    const job = await readJob(directory);
    if (!job) return { status: 'lost', reason: 'its directory is gone' };
    const work = parseFakeWork(job.argument);
    const stop = await readStop(directory);
    const at = Math.min(now(), stop?.endsAt ?? Number.POSITIVE_INFINITY);
    const { isOver } = await advance(job, work, await clockOf(job, directory), at);
    if (isOver) return statusAtEnd(job, work);
    return at === stop?.endsAt ? { status: 'exited', code: TERMINATED } : { status: 'running' };
  }

  async function cancel(jobId: JobId, options: { readonly graceSeconds: number }): Promise<void> {
    const directory = directoryOf(jobId);
    const job = await readJob(directory);
    if (!job || (await poll(jobId)).status !== 'running') return;
    const work = parseFakeWork(job.argument);
    if (work.unstoppable) throw new Error('The request asked for a job that can not be stopped.');
    const seconds = Math.min(work.ignoreCancelSeconds, options.graceSeconds);
    await writeStop(directory, { endsAt: now() + seconds * 1000 });
    while ((await poll(jobId)).status === 'running') await delay(10);
  }

  return {
    name: 'fake',
    check: async () => undefined,
    limitSupport: async () => LIMIT_SUPPORT,
    start,
    find: async (_command, { directory }) =>
      (await readJob(directory)) ? jobIdOf(directory) : undefined,
    poll,
    watch: (jobId, wake) => watchClock(directoryOf(jobId), now, wake),
    cancel,
    pause: async (jobId) => turn(directoryOf(jobId), 'pause', now(), await poll(jobId)),
    resume: async (jobId) => turn(directoryOf(jobId), 'resume', now(), await poll(jobId)),
    cleanup: async (jobId) => void directoryOf(jobId),
  };
}

/** Pauses the job or lets it go on; of two that do it at once, one does. */
async function turn(
  directory: string,
  to: 'pause' | 'resume',
  at: number,
  { status }: JobStatus,
): Promise<void> {
  if (status !== 'running') return;
  const turns = await readTurns(directory);
  const isPaused = turns.length % 2 === 1;
  if (isPaused === (to === 'pause')) return;
  // A clock that was set back must not undo what was done before.
  await writeTurn(directory, turns.length, { at: Math.max(at, ...turns) });
}

function jobIdOf(directory: string): JobId {
  return JSON.stringify({ fakeJob: directory });
}

function directoryOf(jobId: JobId): string {
  const found = /^\{"fakeJob":(".*")\}$/.exec(jobId)?.[1];
  if (found === undefined) throw new Error('The job id was not given by the fake executor.');
  return String(JSON.parse(found));
}

async function leaveMark(directory: string | undefined, job: JobContext): Promise<void> {
  if (directory === undefined) return;
  await writeFile(join(directory, `${job.runId}.${job.attempt}`), '', { flag: 'wx' });
}

async function clockOf(job: FakeJob, directory: string): Promise<FakeClock> {
  return createFakeClock(job.startedAt, await readTurns(directory));
}

/** Writes what the job has done up to a moment. */
async function advance(
  job: FakeJob,
  work: FakeWork,
  clock: FakeClock,
  at: number,
): Promise<{ isOver: boolean }> {
  const elapsedMs = clock.elapsedMs(at);
  const { files, isOver } = progressOf(work, clock, elapsedMs);
  const part = portion(elapsedMs, work.seconds * 1000);
  await growFile(job.stdoutPath, work.stdout.slice(0, part * work.stdout.length));
  await growFile(job.stderrPath, work.stderr.slice(0, part * work.stderr.length));
  for (const [path, content] of files) await growFile(path, content);
  return { isOver };
}

function statusAtEnd(job: FakeJob, work: FakeWork): JobStatus {
  if (job.attempt > work.lostAttempts) {
    const exited = { status: 'exited', code: work.exitCode } as const;
    return work.outOfMemory ? { ...exited, outOfMemory: true } : exited;
  }
  return { status: 'lost', reason: 'the request asked for it' };
}

/** Wakes at each moment at which something happens in the job. */
function watchClock(directory: string, now: () => number, wake: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const schedule = async (): Promise<void> => {
    const job = await readJob(directory).catch(() => undefined);
    if (!job || ended) return;
    const clock = await clockOf(job, directory).catch(() => undefined);
    if (!clock) return;
    const elapsedMs = clock.elapsedMs(now());
    const { nextMs } = progressOf(parseFakeWork(job.argument), clock, elapsedMs);
    if (nextMs === undefined || ended) return;
    const waitMs = clock.isPaused ? PAUSE_CHECK_MS : Math.ceil(nextMs - elapsedMs);
    timer = setTimeout(() => {
      if (!clock.isPaused) wake();
      void schedule();
    }, waitMs);
    timer.unref();
  };
  void schedule();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
