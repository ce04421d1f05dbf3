/**
 * What is to be removed from storage because its run is not, or no longer, in the database. The
 * intention is recorded before anything is written (an upload) or in the same step in which the run
 * vanishes (a removal), so that a process which dies in between leaves nothing for ever.
 */
export interface Removals {
  /**
   * Says that attachments of a run that does not exist yet are about to be stored. When no run was
   * created by `dueAt` (ms since the epoch) they are removed.
   */
  announceUpload(runId: string, dueAt: number): Promise<void>;

  /**
   * Run ids whose storage is to be removed now, oldest first: due, not finished, and without a run.
   * From then on `createRun` refuses to create a run with one of these ids.
   */
  begin(at: number, limit: number): Promise<readonly string[]>;

  /** The run's storage is removed. */
  finish(runId: string, at: number): Promise<void>;

  /** True for a run that was in the database and was removed, until the record of it is forgotten. */
  isRemoved(runId: string): Promise<boolean>;

  /** Forgets removals that were finished before a time. */
  forget(before: number): Promise<void>;
}
