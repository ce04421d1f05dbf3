import type { Attachment, NewRun, OutputFile, Run, RunEvent, RunSummary, Task } from './run.ts';
import type { JsonObject } from './json.ts';
import type { StoredState } from './state.ts';

/**
 * What the service promises about stored runs. Every method is one atomic step: it happens wholly or
 * not at all, and it may be called by any number of processes at once. Every change of state is a
 * compare-and-set against `state.ts` and leaves one line in the run's history in the same step.
 * `test/conformance/run-store.ts` is the proof, run on each real database.
 */
export interface RunStore {
  /**
   * Writes the run, its attachments and its tags. With an idempotency key that this owner already
   * used, nothing is written and the earlier run is told.
   * @throws OutcomeUnknownError when it may have been written; after any other error it was not.
   */
  createRun(run: NewRun): Promise<CreateResult>;

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
   * Takes the oldest QUEUED run that one of `engines` can execute: QUEUED → INITIALIZING, lease to the
   * daemon, attempt + 1. Losing a race for a run means trying the next; undefined means that there is
   * nothing to take.
   */
  claimRun(claim: Claim): Promise<Run | undefined>;

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

  /** Adds or updates tasks (by task id) under a lease; false, and nothing written, when the lease is lost. */
  saveTasks(lease: LeasedWrite, tasks: readonly Task[]): Promise<boolean>;
}

export type CreateResult =
  | { readonly created: true }
  | { readonly created: false; readonly runId: string; readonly requestDigest: string };

export interface RunStateRow {
  readonly runId: string;
  readonly owner: string;
  readonly state: StoredState;
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
}

export interface Claim {
  readonly daemonId: string;
  readonly executor: string;
  readonly at: number;
  /** What this daemon can execute: engine name and the versions of it that are installed here. */
  readonly engines: readonly { readonly engine: string; readonly versions: readonly string[] }[];
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
