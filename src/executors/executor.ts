import type { Command } from '../runs/command.ts';

/**
 * Where commands run. A job has a durable id and is asked for its status, rather than waited for, so
 * that another daemon can go on with it after the first one died. `test/conformance/executor.ts` is
 * the proof.
 */
export interface Executor {
  readonly name: string;

  /**
   * Called by a daemon when it starts, with the limits that it will ask for: the machine may be made
   * ready for them.
   * @throws Error that says what is missing on this machine, or which limit can't be kept and the remedy.
   */
  check(limits?: JobLimits): Promise<void>;

  /** Looks at what this machine can do for `JobContext.limits` and `pause`, and changes nothing. */
  limitSupport(): Promise<LimitSupport>;

  /**
   * Starts the command for (run, attempt). Asked again for the same pair, also by another process
   * after a crash, it gives the id of the job that was already started and starts nothing.
   */
  start(command: Command, job: JobContext): Promise<JobId>;

  /** The job that was started for (run, attempt), by whichever process; undefined when none was. */
  find(command: Command, job: JobContext): Promise<JobId | undefined>;

  poll(jobId: JobId): Promise<JobStatus>;

  /**
   * Calls `wake` as soon as the job may have ended or its directory may have changed; only a hint that
   * saves waiting for the next poll. Gives the function that ends the watch.
   */
  watch(jobId: JobId, wake: () => void): () => void;

  /**
   * Stops the job: its stop signal, a grace time, then force. Resolves when nothing of it is alive;
   * idempotent.
   * @throws Error that names what could not be stopped.
   */
  cancel(jobId: JobId, options: { readonly graceSeconds: number }): Promise<void>;

  /**
   * Stops the job's work without ending it: resolves when none of its processes runs any more.
   * Idempotent; nothing for a job that ended. `poll` gives `running` meanwhile.
   * @throws Error that names what could not be paused; then the job goes on as before.
   */
  pause(jobId: JobId): Promise<void>;

  /** Lets a paused job go on. Idempotent; `cancel` works on a paused job without it. */
  resume(jobId: JobId): Promise<void>;

  /** Ends whatever an ended job left running and forgets the job; the run's directory stays. Idempotent. */
  cleanup(jobId: JobId): Promise<void>;
}

/** Opaque text, at most 1,000 characters, enough for any process on the job's host to find it again. */
export type JobId = string;

export interface JobContext {
  readonly runId: string;
  readonly attempt: number;
  /** An existing directory that belongs to the executor alone: `RunDirectory.job`. */
  readonly directory: string;
  /** Root of the run's directory: what lives below it or carries its path belongs to the run. */
  readonly runRoot: string;
  /** Kept for the whole process tree; one that can't be kept makes `start` fail. */
  readonly limits?: JobLimits;
}

/** What a job may take at most; what is absent has no limit. */
export interface JobLimits {
  readonly memoryBytes?: number;
  /** May be a fraction: CPU seconds in each second. */
  readonly cpuCores?: number;
  /** Processes at the same time; each thread counts as one. */
  readonly processes?: number;
}

/** For people: names of limits, and how jobs are paused. */
export interface LimitSupport {
  readonly kept: readonly string[];
  readonly missing: readonly string[];
  readonly pause: string;
  /** What to do when a limit that is missing is wanted. */
  readonly remedy: string;
}

export type JobStatus =
  | { readonly status: 'pending' }
  | { readonly status: 'running' }
  | ExitedJob
  | { readonly status: 'lost'; readonly reason: string };

export interface ExitedJob {
  readonly status: 'exited';
  /** As a shell gives it: 128 + n after signal n. */
  readonly code: number;
  /** True when a process of the job was killed because the job was at its memory limit; else absent. */
  readonly outOfMemory?: true;
}
