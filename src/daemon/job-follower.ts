import type { TaskEvent } from '../engines/engine.ts';
import type { JobId, JobStatus } from '../executors/executor.ts';
import type { Task } from '../runs/run.ts';
import { Interruption, RunFailure } from './interruption.ts';
import { Pausing } from './pausing.ts';
import { persist } from './persist.ts';
import type { RunContext } from './run-context.ts';
import { RunLogs } from './run-logs.ts';
import { TimeLimit } from './time-limit.ts';
import { TaskTracker } from './task-tracker.ts';

const TASKS_IN_ONE_WRITE = 500;
/** How long looks at the job may fail, as on a full disk, before the run fails of it. */
const LONGEST_FAILURE_MS = 60_000;

export type JobEnd =
  | Extract<JobStatus, { status: 'exited' | 'lost' }>
  | { readonly status: 'over_limit'; readonly reason: string };

/**
 * Follows a job: its tasks into the database, its logs into storage. Nothing of where it was needs to
 * be kept: another follower reads the events from the beginning, passes over the tasks that are stored
 * with their end, saves the others at the same positions, and goes on with each log where its copy ends.
 */
export class JobFollower {
  readonly #context: RunContext;
  readonly #jobId: JobId;
  readonly #tasks = new TaskTracker();
  readonly #logs: RunLogs;
  #cursor = 0;
  /** Somebody may have followed the job before, up to a place that is not reached yet. */
  #isBehind: boolean;
  #failingSince: number | undefined;
  #nextCopyAt = Number.NEGATIVE_INFINITY;

  constructor(context: RunContext, jobId: JobId) {
    this.#context = context;
    this.#jobId = jobId;
    this.#logs = new RunLogs(context);
    this.#isBehind = context.run.jobId !== undefined;
  }

  /**
   * Until the job is no more, or has to be stopped because the run took too long.
   * @throws Interruption
   */
  async follow(): Promise<JobEnd> {
    const { active, parts } = this.#context;
    const pausing = new Pausing(this.#context, this.#jobId);
    const timeLimit = await TimeLimit.begin(this.#context);
    const endWatch = parts.executor.watch(this.#jobId, () => active.waker.wake());
    try {
      for (;;) {
        active.checkpoint();
        const status = await this.#look();
        if (status?.status === 'exited' || status?.status === 'lost') return status;
        const reason = timeLimit.exceeded();
        if (reason !== undefined) return { status: 'over_limit', reason };
        await pausing.bringAbout();
        await active.waker.wait(parts.settings.logIntervalMs);
      }
    } finally {
      endWatch();
    }
  }

  /**
   * One look at the job. That it fails for a while (no descriptors left, a full disk) is no reason to
   * give up on an engine that runs well.
   */
  async #look(): Promise<JobStatus | undefined> {
    try {
      // Asked before the events are read: of a job that ended, they are then complete.
      const status = await this.#context.parts.executor.poll(this.#jobId);
      await this.#readEvents(() => this.#context.active.checkpoint());
      await this.#copyLogs();
      this.#failingSince = undefined;
      return status;
    } catch (error) {
      const now = this.#context.parts.monotonicNow();
      this.#failingSince ??= now;
      const isFinal = error instanceof Interruption || error instanceof RunFailure;
      if (isFinal || now - this.#failingSince > LONGEST_FAILURE_MS) throw error;
      this.#context.logger.warn({ err: error, job_id: this.#jobId }, 'look at the job failed');
      return undefined;
    }
  }

  /** The rest of events and logs of a job of which nothing runs any more; open tasks end now, with the note. */
  async drain(note: string): Promise<void> {
    await this.#readEvents();
    this.#tasks.endOpen(this.#context.parts.now(), note);
    await this.#logs.close();
    await this.#saveTasks(this.#tasks.takeChanged());
  }

  /** `checkpoint` is called in between: there may be very many. */
  async #readEvents(checkpoint: () => void = () => undefined): Promise<void> {
    const { engine, directory } = this.#context;
    for (;;) {
      const { events, cursor } = await engine.tasks(directory, this.#cursor);
      await this.#apply(events);
      if (cursor === this.#cursor) return;
      this.#cursor = cursor;
      checkpoint();
    }
  }

  /** The log of an ended task is complete before its end can be seen. */
  async #apply(events: readonly TaskEvent[]): Promise<void> {
    for (const event of events) {
      const isNew = this.#tasks.apply(event);
      if (isNew && event.type === 'started') this.#logs.openTask(event);
    }
    const changed = await this.#unknown(this.#tasks.takeChanged());
    await this.#logs.closeTasks(changed.filter(isEnded).map(({ taskId }) => taskId));
    await this.#saveTasks(changed);
  }

  /** Without the tasks that the follower before stored; of the ended ones it has copied the logs. */
  async #unknown(tasks: readonly Task[]): Promise<readonly Task[]> {
    if (!this.#isBehind || tasks.length === 0) return tasks;
    const { parts, run } = this.#context;
    const known = await persist(this.#context, () => parts.store.listKnownTasks(run.runId, tasks));
    this.#isBehind = known.size > 0;
    const isKnown = ({ taskId }: Task) => known.has(taskId);
    this.#logs.passOver(tasks.filter((task) => isEnded(task) && isKnown(task)));
    return tasks.filter((task) => !isKnown(task));
  }

  async #copyLogs(): Promise<void> {
    const { parts } = this.#context;
    if (parts.monotonicNow() < this.#nextCopyAt) return;
    await this.#logs.copyGrown();
    this.#nextCopyAt = parts.monotonicNow() + parts.settings.logIntervalMs;
  }

  async #saveTasks(tasks: readonly Task[]): Promise<void> {
    const { active, parts } = this.#context;
    for (let first = 0; first < tasks.length; first += TASKS_IN_ONE_WRITE) {
      const batch = tasks.slice(first, first + TASKS_IN_ONE_WRITE);
      const saved = await persist(this.#context, () => parts.store.saveTasks(active.lease, batch));
      if (saved) continue;
      active.interrupt('lease_lost');
      throw new Interruption('lease_lost');
    }
  }
}

function isEnded(task: Task): boolean {
  return task.endedAt !== undefined;
}
