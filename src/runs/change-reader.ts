import type { RunEvent, Task } from './run.ts';
import type { StoredState } from './state.ts';

/**
 * What happened to runs, in order: lines of history and changes of tasks. Each has a revision of its run:
 * a number that grows in the order in which the changes became visible, because whoever writes one holds
 * the run until then. So nothing of a run is missed behind a revision that was read.
 *
 * Between runs there is no such order. `recordedAt` is when a row was written by the clock of the database;
 * it becomes visible later, when its transaction ends: whoever goes by it looks back for some time.
 */
export interface ChangeReader {
  /** How far each of these runs has come; runs that are not there are left out. */
  listHeads(runIds: readonly string[]): Promise<readonly RunHead[]>;
  /** How far all runs under a lease have come: those whose tasks can change. */
  listLeasedHeads(): Promise<readonly RunHead[]>;
  /**
   * What happened to each run behind a revision, at most `limit` changes of a run. A task is told as it
   * stands now, at the revision of its latest change. Runs without changes are left out.
   */
  listChanges(
    cursors: readonly RunCursor[],
    limit: number,
  ): Promise<ReadonlyMap<string, readonly RunChange[]>>;
  /** The clock by which things are recorded, in ms since the epoch. */
  recordingTime(): Promise<number>;
  /** The lines of history of all runs that were recorded at a time or later, in that order. */
  listRecorded(page: RecordedPage): Promise<readonly RecordedLine[]>;
  /** The latest revision of each run that was recorded before a time; runs without are left out. */
  listHeadsBefore(
    runIds: readonly string[],
    recordedBefore: number,
  ): Promise<ReadonlyMap<string, number>>;
  /** By what followers of many runs choose among them; it stays the same as long as a run is there. */
  listTraits(runIds: readonly string[]): Promise<readonly RunTraits[]>;
}

export interface RunCursor {
  readonly runId: string;
  /** Changes of higher revisions are wanted. */
  readonly after: number;
}

export interface RunHead {
  readonly runId: string;
  readonly revision: number;
  readonly state: StoredState;
}

export type RunChange =
  | { readonly type: 'state'; readonly revision: number; readonly event: RunEvent }
  | { readonly type: 'task'; readonly revision: number; readonly task: ChangedTask };

export type ChangedTask = Pick<Task, 'taskId' | 'name' | 'startedAt' | 'endedAt' | 'exitCode'>;

export interface RecordedLine {
  readonly recordedAt: number;
  readonly runId: string;
  readonly revision: number;
}

export interface RecordedPage {
  readonly from: number;
  /** The last of the page before. */
  readonly after?: RecordedLine;
  readonly limit: number;
}

export interface RunTraits {
  readonly runId: string;
  readonly owner: string;
  readonly workflowType: string;
  readonly tags: Readonly<Record<string, string>>;
}
