import type { Run } from '../runs/run.ts';
import type { JobId } from '../executors/executor.ts';
import type { LeasedWrite } from '../runs/run-store.ts';
import type { StoredState } from '../runs/state.ts';
import { Interruption } from './interruption.ts';
import type { Presence } from './presence.ts';
import { Waker } from './waker.ts';

/** A run under this daemon's lease, as long as the daemon works on it. */
export class ActiveRun {
  readonly run: Run;
  readonly lease: LeasedWrite;
  readonly waker = new Waker();
  /** The latest state that this daemon knows of. */
  state: StoredState;
  /** Set as soon as there is a job to be stopped. */
  jobId: JobId | undefined;
  readonly #presence: Presence;
  #isPauseWished: boolean;
  readonly #abort = new AbortController();
  #pending: Interruption['reason'] | undefined;
  #isToLeave = false;

  constructor(run: Run, presence: Presence) {
    this.run = run;
    this.lease = { runId: run.runId, attempt: run.attempt, daemonId: presence.daemonId };
    this.state = run.state;
    this.jobId = run.jobId;
    this.#presence = presence;
    this.#isPauseWished = run.pauseRequested;
    if (run.state === 'CANCELING') this.interrupt('cancel_requested');
  }

  /** Names the execution: one attempt at one run. */
  get key(): string {
    return executionKey(this.lease);
  }

  /** True when the run is to be PAUSED, or to stay so. */
  get isPauseWished(): boolean {
    return this.#isPauseWished;
  }

  wishPause(isWished: boolean): void {
    if (isWished === this.#isPauseWished) return;
    this.#isPauseWished = isWished;
    this.waker.wake();
  }

  /** Aborted at the first interruption, to break off what takes long. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** True when the daemon is being stopped and does not wait for this run. */
  get isToLeave(): boolean {
    return this.#isToLeave;
  }

  /**
   * Has the work broken off at its next checkpoint. A lost lease outweighs all; of the others the
   * cancel does, because it must be carried out by whoever holds the run.
   */
  interrupt(reason: Interruption['reason']): void {
    if (reason === 'handover') this.#isToLeave = true;
    const outweighs = this.#pending !== 'lease_lost' && reason !== 'handover';
    if (this.#pending === undefined || outweighs) this.#pending = reason;
    this.#abort.abort();
    this.waker.wake();
  }

  /** Looked at before each effect, not only when a timer says so: a daemon may have been stopped for minutes. */
  holdsLease(): boolean {
    const isCurrent = this.#presence.daemonId === this.lease.daemonId && this.#presence.isFresh();
    return isCurrent && this.#pending !== 'lease_lost';
  }

  interruption(): Interruption | undefined {
    if (!this.holdsLease()) return new Interruption('lease_lost');
    return this.#pending && new Interruption(this.#pending);
  }

  /** @throws Interruption when the work is to be broken off */
  checkpoint(): void {
    const interruption = this.interruption();
    if (interruption) throw interruption;
  }

  /** @throws Interruption when the lease is lost: nothing may be written any more */
  assertLease(): void {
    if (!this.holdsLease()) throw new Interruption('lease_lost');
  }
}

export function executionKey({ runId, attempt }: Pick<LeasedWrite, 'runId' | 'attempt'>): string {
  return `${runId}/${attempt}`;
}
