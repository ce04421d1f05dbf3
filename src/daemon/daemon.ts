import type { LeasedRun } from '../runs/run-store.ts';
import type { Run } from '../runs/run.ts';
import { ActiveRuns } from './active-runs.ts';
import { claimRun } from './claim.ts';
import { daemonParts, type DaemonDeps, type DaemonParts, type Drain } from './daemon-deps.ts';
import { DiskGuard } from './disk-guard.ts';
import { Execution } from './execution.ts';
import { Presence } from './presence.ts';
import { Recovery } from './recovery.ts';
import { canExecute, createRunContext } from './run-context.ts';
import { sweep } from './sweep.ts';
import { Waker } from './waker.ts';

const LONGEST_BACKOFF_MS = 10_000;
const LEASES_BETWEEN_SWEEPS = 10;

/** Executes queued runs; any number of daemons may share a database. */
export interface Daemon {
  /** @throws when the database or the executor can't be used */
  start(): Promise<void>;
  /** Looks for new and cancelled runs now, rather than after the poll interval. */
  wake(): void;
  /**
   * Claims no more and ends as the setting (or `drain`) says; resolves when the daemon does nothing
   * any more. Called again with `handover`, a daemon that waits for its runs leaves them.
   */
  stop(drain?: Drain): Promise<void>;
}

export function createDaemon(deps: DaemonDeps): Daemon {
  return new DaemonLoop(daemonParts(deps));
}

class DaemonLoop implements Daemon {
  readonly #parts: DaemonParts;
  readonly #presence: Presence;
  readonly #recovery: Recovery;
  readonly #diskGuard: DiskGuard;
  readonly #waker = new Waker();
  readonly #active = new ActiveRuns(() => this.#waker.wake());
  #isStopping = false;
  #nextRecoveryAt = Number.NEGATIVE_INFINITY;
  #nextSweepAt = Number.NEGATIVE_INFINITY;
  #sweep: Promise<void> | undefined;
  #ended: Promise<unknown> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#presence = new Presence(parts, () => this.#active.interruptAll('lease_lost'));
    this.#diskGuard = new DiskGuard(parts);
    this.#recovery = new Recovery(parts, this.#presence);
  }

  async start(): Promise<void> {
    const { executor, logger, settings } = this.#parts;
    await executor.check(settings.jobLimits);
    await this.#presence.begin();
    logger.info({ daemon_id: this.#presence.daemonId, executor: executor.name }, 'daemon started');
    this.#ended = this.#loop();
  }

  wake(): void {
    this.#waker.wake();
  }

  async stop(drain: Drain = this.#parts.settings.drain): Promise<void> {
    if (!this.#ended) return; // never started
    this.#isStopping = true;
    if (drain === 'handover') this.#active.interruptAll('handover');
    this.#waker.wake();
    this.#stopped ??= this.#end();
    await this.#stopped;
  }

  async #end(): Promise<void> {
    await this.#ended;
    await this.#sweep;
    await this.#presence.end();
    this.#parts.logger.info({ daemon_id: this.#presence.daemonId }, 'daemon stopped');
  }

  /** Goes on while there are runs, also when it is stopping: they may be cancelled. */
  async #loop(): Promise<void> {
    const { settings, logger } = this.#parts;
    let failures = 0;
    while (!this.#isStopping || this.#active.size > 0) {
      try {
        await this.#turn();
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.error({ err: error, failures }, 'turn failed');
      }
      if (this.#isStopping && this.#active.size === 0) return;
      const backoffMs = settings.pollIntervalMs * 2 ** Math.min(failures, 10);
      await this.#waker.wait(failures === 0 ? settings.pollIntervalMs : limited(backoffMs));
    }
  }

  async #turn(): Promise<void> {
    await this.#presence.refresh();
    await this.#lookAtLeases();
    if (this.#isStopping) return;
    this.#startSweep();
    if (await this.#recover()) await this.#lookAtLeases();
    await this.#claim();
  }

  async #lookAtLeases(): Promise<void> {
    const { store } = this.#parts;
    const unattended = await this.#active.reconcile(() =>
      store.listLeased(this.#presence.daemonId),
    );
    if (this.#isStopping) return;
    for (const lease of unattended) await this.#resume(lease);
  }

  async #resume({ runId }: LeasedRun): Promise<void> {
    const run = await this.#parts.store.getRun(runId);
    if (run?.leaseOwner !== this.#presence.daemonId || !canExecute(this.#parts, run)) return;
    this.#work(run, (execution) => execution.resume());
  }

  /** Once in a poll interval: a wake-up tells of new and cancelled runs, not of dead daemons. */
  async #recover(): Promise<boolean> {
    const now = this.#parts.monotonicNow();
    if (now < this.#nextRecoveryAt) return false;
    const isTaken = await this.#recovery.takeOver();
    this.#nextRecoveryAt = now + this.#parts.settings.pollIntervalMs;
    return isTaken;
  }

  /** At the start and now and then, beside the work: a daemon may die between the end of a run and the removal of its directory. */
  #startSweep(): void {
    const now = this.#parts.monotonicNow();
    if (this.#sweep || now < this.#nextSweepAt) return;
    this.#nextSweepAt = now + LEASES_BETWEEN_SWEEPS * this.#parts.settings.leaseSeconds * 1000;
    this.#sweep = sweep(this.#parts, this.#presence.daemonId, () => this.#isStopping).then(
      () => (this.#sweep = undefined),
    );
  }

  async #claim(): Promise<void> {
    const { maxConcurrentRuns } = this.#parts.settings;
    while (!this.#isStopping && this.#active.size < maxConcurrentRuns) {
      if (!(await this.#diskGuard.hasRoom())) return;
      const run = await claimRun(this.#parts, this.#presence.daemonId);
      if (!run) return;
      this.#work(run, (execution) => execution.execute());
    }
  }

  #work(run: Run, work: (execution: Execution) => Promise<void>): void {
    const context = createRunContext(this.#parts, this.#presence, run);
    // A run that was claimed while the daemon was told to stop goes back at its first checkpoint.
    if (this.#isStopping) context.active.interrupt('handover');
    this.#active.add(context.active, () => work(new Execution(context)));
  }
}

function limited(backoffMs: number): number {
  return Math.min(backoffMs, LONGEST_BACKOFF_MS);
}
