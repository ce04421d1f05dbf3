import type { LeasedRun } from '../runs/run-store.ts';
import { executionKey, type ActiveRun } from './active-run.ts';
import type { Interruption } from './interruption.ts';

/** The runs that this daemon works on right now. */
export class ActiveRuns {
  readonly #entries = new Map<string, ActiveRun>();
  /** Executions that ended since the leases were last asked for: an answer that is on its way may still name them. */
  #endedMeanwhile = new Set<string>();
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** `work` is what is done with the run; it never rejects. */
  add(active: ActiveRun, work: () => Promise<void>): void {
    this.#entries.set(active.key, active);
    void work().then(() => {
      this.#entries.delete(active.key);
      this.#endedMeanwhile.add(active.key);
      this.#onEnd();
    });
  }

  interruptAll(reason: Interruption['reason']): void {
    for (const active of this.#entries.values()) active.interrupt(reason);
  }

  /**
   * Compares with the leases that the database tells: passes on cancels and wishes to pause, gives up what is no longer
   * ours, and gives the runs under our lease that nobody works on.
   */
  async reconcile(listLeased: () => Promise<readonly LeasedRun[]>): Promise<readonly LeasedRun[]> {
    const asked = new Set(this.#entries.keys());
    this.#endedMeanwhile = new Set();
    const leased = new Map((await listLeased()).map((run) => [executionKey(run), run]));
    for (const [key, active] of this.#entries) {
      const run = leased.get(key);
      const state = run?.state;
      if (run) active.wishPause(run.pauseRequested);
      if (state === 'CANCELING') active.interrupt('cancel_requested');
      if (state === undefined && asked.has(key)) active.interrupt('lease_lost');
    }
    return [...leased.values()].filter((run) => {
      const key = executionKey(run);
      return !this.#entries.has(key) && !this.#endedMeanwhile.has(key);
    });
  }
}
