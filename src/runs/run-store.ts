import type { ChangeReader } from './change-reader.ts';
import type { Attachment, NewRun, OutputFile, Run, RunEvent, RunSummary, Task } from './run.ts';
import type { JsonObject } from './json.ts';
import type { StoredState } from './state.ts';

/**
 * What the service promises about stored runs. Every method is one atomic step: it happens wholly or
 * not at all, and it may be called by any number of processes at once. Every change of state is a
 * compare-and-set against `state.ts` and leaves one line in the run's history in the same step.
 * `test/conformance/run-store.ts` is the proof, run on each real database.
 */
export interface RunStore extends ChangeReader {
  /**
   * Writes the run, its attachments and its tags. With an idempotency key that this owner already
   * used, nothing is written and the earlier run is told. The announcement of its upload (see
   * `removals.ts`), where there is one, ends in the same step.
   * @throws WesError `quota_exceeded` when the owner has `maxQueued` runs in the queue already;
   *   `unavailable` when the announced upload took so long that its removal has begun
   * @throws OutcomeUnknownError when it may have been written; after any other error it was not.
   */
  createRun(run: NewRun, quota?: { readonly maxQueued: number }): Promise<CreateResult>;

  /** The run that this owner's idempotency key stands for, if it does. */
  findSubmission(owner: string, key: string): Promise<EarlierSubmission | undefined>;

  getRun(runId: string): Promise<Run | undefined>;
  /** The few fields that a status poll needs; cheaper than `getRun`. */
  getRunState(runId: string): Promise<RunStateRow | undefined>;
  listRuns(query: RunListQuery): Promise<readonly RunSummary[]>;
  /** How many runs `listRuns` would give without cursor and limit; at most a moment old, see `cost-bounded-cache`. */
  countRuns(filter: RunFilter): Promise<number>;
  countByState(): Promise<Readonly<Record<StoredState, number>>>;
  listAttachments(runId: string): Promise<readonly Attachment[]>;
  listEvents(runId: string): Promise<readonly RunEvent[]>;

  /** Tasks by position, those after position `after`. */
  listTasks(runId: string, page: { after: number; limit: number }): Promise<readonly Task[]>;
  getTask(runId: string, taskId: string): Promise<Task | undefined>;
  /**
   * Ids of those of the tasks of which all is stored already: the same start and, of an ended one, the
   * same end and exit code.
   */
  listKnownTasks(runId: string, tasks: readonly Task[]): Promise<ReadonlySet<string>>;
  /** Outputs by path (in order of code points), those after path `after` and below `prefix`. */
  listOutputs(
    runId: string,
    page: { prefix?: string; after?: string; limit: number },
  ): Promise<readonly OutputFile[]>;
  getOutput(runId: string, path: string): Promise<OutputFile | undefined>;

  /**
   * QUEUED → CANCELED, or any other live state → CANCELING; a run that is CANCELING or terminal stays
   * as it is. Gives the state afterwards, undefined when there is no such run.
   */
  requestCancel(runId: string, actor: string, at: number): Promise<StoredState | undefined>;

  /**
   * Asks for a RUNNING run to be PAUSED, or for a PAUSED one to go on: a wish on the run's record, with
   * a remark in its history, that the holder of the lease carries out. Gives the state at that moment;
   * the wish is recorded only when that state is RUNNING or PAUSED and the wish is new. Undefined when
   * there is no such run.
   */
  requestPause(request: PauseRequest): Promise<StoredState | undefined>;

  /**
   * Takes the QUEUED run whose turn it is among those that one of `engines` can execute: QUEUED →
   * INITIALIZING, lease to the daemon, attempt + 1. The highest priority comes first; within it the
   * owner who has the fewest runs under a lease; then the oldest run. Owners and engines that are at
   * their limit are passed over. Losing a race for a run means trying the next; undefined means that
   * there is nothing to take.
   */
  claimRun(claim: Claim): Promise<Run | undefined>;

  /** How many queued runs would start before this one, as things stand; undefined when it is not QUEUED. */
  getQueuePosition(runId: string): Promise<QueuePosition | undefined>;

  /**
   * Removes a run that ended with its tasks, history, tags and outputs from the database, and announces
   * the removal of its storage (see `removals.ts`) in the same step. A run that has not ended stays.
   * Gives the state that it had; undefined when there is no such run.
   */
  removeRun(runId: string, at: number): Promise<StoredState | undefined>;

  /** Runs that ended before a time, oldest end first: what retention works on. */
  listEnded(query: EndedQuery): Promise<readonly EndedRun[]>;

  /** Notes that the run's logs are no longer in storage, with a remark in its history. */
  markLogsRemoved(runId: string, actor: string, at: number): Promise<void>;

  /** Runs under this daemon's lease with their states: how a daemon learns of cancels and of lost leases. */
  listLeased(daemonId: string): Promise<readonly LeasedRun[]>;

  /** Ids of all daemons that hold leases: how the leases of a daemon are found that left no record. */
  listLeaseOwners(): Promise<readonly string[]>;

  /** Moves a lease from a dead daemon to a living one; false when somebody else was first. State and attempt stay. */
  takeOver(runId: string, from: Lease, newOwner: string, at: number): Promise<boolean>;

  /**
   * Moves a run under a lease to another state and writes `changes` with it. False when the run is no
   * longer under that lease or not in a state that may move there: then nothing was written.
   * A move to QUEUED or to a terminal state ends the lease.
   */
  moveRun(move: RunMove): Promise<boolean>;

  /**
   * Adds or updates tasks (by task id) under a lease; false, and nothing written, when the lease is lost.
   * A task stays at the position at which it was first stored; where another task has the position of a
   * new one, the new one goes to the end.
   */
  saveTasks(lease: LeasedWrite, tasks: readonly Task[]): Promise<boolean>;
}

export type CreateResult =
  { readonly created: true } | ({ readonly created: false } & EarlierSubmission);

export interface EarlierSubmission {
  readonly runId: string;
  readonly requestDigest: string;
}

export interface RunStateRow {
  readonly runId: string;
  readonly owner: string;
  readonly state: StoredState;
  /** The latest; 0 before the first. */
  readonly attempt: number;
}

export interface RunFilter {
  /** Only this owner's runs; absent for all. */
  readonly owner?: string;
  readonly states?: readonly StoredState[];
  /** Every one of these must be on the run. */
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly workflowType?: string;
  readonly runIds?: readonly string[];
  /** Created at or after, in ms. */
  readonly createdFrom?: number;
  /** Created before, in ms. */
  readonly createdBefore?: number;
}

export interface RunListQuery extends RunFilter {
  /** By run id, which is a UUID version 7 and so in order of creation. */
  readonly order: 'newest_first' | 'oldest_first';
  /** The last run of the page before. */
  readonly after?: string;
  readonly limit: number;
}

export interface Lease {
  readonly daemonId: string;
  readonly attempt: number;
}

export interface LeasedWrite extends Lease {
  readonly runId: string;
}

export interface LeasedRun extends LeasedWrite {
  readonly state: StoredState;
  readonly jobId?: string;
  readonly pauseRequested: boolean;
}

export interface PauseRequest {
  readonly runId: string;
  /** True to pause, false to go on. */
  readonly pause: boolean;
  readonly actor: string;
  /** What the remark says; the request itself by default. */
  readonly reason?: string;
  readonly at: number;
}

export interface QueuePosition {
  /** From 1: the next run to start. */
  readonly position: number;
  /** True when counting was cut off: the run's position is at least `position`. */
  readonly isAtLeast: boolean;
}

export interface EndedQuery {
  /** Ended before, in ms. */
  readonly endedBefore: number;
  readonly states?: readonly StoredState[];
  readonly owner?: string;
  /** Only runs whose logs were not removed yet. */
  readonly withLogs?: boolean;
  /** The last of the page before. */
  readonly after?: { readonly endedAt: number; readonly runId: string };
  readonly limit: number;
}

export interface EndedRun {
  readonly runId: string;
  readonly owner: string;
  readonly state: StoredState;
  readonly endedAt: number;
}

export interface Claim {
  readonly daemonId: string;
  readonly executor: string;
  readonly at: number;
  /** What this daemon can execute: engine name and the versions of it that are installed here. */
  readonly engines: readonly { readonly engine: string; readonly versions: readonly string[] }[];
  readonly limits?: ConcurrencyLimits;
}

/** How many runs may be under a lease at once in the whole deployment; absent for no limit. Never exceeded. */
export interface ConcurrencyLimits {
  readonly perOwner?: number;
  readonly perEngine?: Readonly<Record<string, number>>;
}

export interface RunMove extends LeasedWrite {
  readonly to: StoredState;
  readonly at: number;
  readonly reason: string;
  readonly changes?: RunChanges;
}

/** What may be written together with a move. `startedAt` and `endedAt` are set from the move itself. */
export interface RunChanges {
  readonly jobId?: string;
  readonly command?: readonly string[];
  readonly engineVersion?: string;
  readonly exitCode?: number;
  readonly outputs?: JsonObject;
  readonly outputFiles?: readonly OutputFile[];
}
