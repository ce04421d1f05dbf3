import { isRunning } from '../executors/process-stat.ts';
import type { DaemonRecord } from '../runs/daemon-registry.ts';
import type { Run } from '../runs/run.ts';
import type { LeasedRun } from '../runs/run-store.ts';
import type { DaemonParts } from './daemon-deps.ts';
import type { Presence } from './presence.ts';
import { canExecute } from './run-context.ts';
import { Silence } from './silence.ts';

/** A beat that never comes: the sign of a daemon that holds leases and has no record. */
const NO_RECORD = -1;

/** Finds runs of daemons that died, or handed over, and takes their leases. */
export class Recovery {
  readonly #parts: DaemonParts;
  readonly #presence: Presence;
  readonly #silence: Silence;

  constructor(parts: DaemonParts, presence: Presence) {
    this.#parts = parts;
    this.#presence = presence;
    this.#silence = new Silence(parts.monotonicNow);
  }

  /** Takes what may be taken now; the next look at our leases finds it. True when there was something. */
  async takeOver(): Promise<boolean> {
    const { registry, store } = this.#parts;
    // In this order: a daemon has a record before it has leases, so that an owner without one had it once.
    const owners = await store.listLeaseOwners();
    const records = await registry.list();
    const beats = new Map<string, number>(owners.map((owner) => [owner, NO_RECORD]));
    for (const { daemonId, beat } of records) beats.set(daemonId, beat);
    beats.delete(this.#presence.daemonId);
    this.#silence.observe(beats);

    const dead: DaemonRecord[] = [];
    for (const record of records) if (await this.#isDead(record)) dead.push(record);
    const living = records.filter((record) => !dead.includes(record));
    let isTaken = false;
    for (const record of dead) isTaken = (await this.#takeFrom(record, living)) || isTaken;
    const recorded = new Set(records.map(({ daemonId }) => daemonId));
    for (const owner of owners.filter((one) => !recorded.has(one))) {
      isTaken = (await this.#takeWithoutRecord(owner)) || isTaken;
    }
    return isTaken;
  }

  async #isDead({ daemonId, host, processId, processStart }: DaemonRecord): Promise<boolean> {
    if (daemonId === this.#presence.daemonId) return false;
    if (this.#isSilent(daemonId)) return true;
    return host === this.#presence.host && !(await isRunning(processId, processStart));
  }

  #isSilent(daemonId: string): boolean {
    return this.#silence.ofDaemonMs(daemonId) >= this.#parts.settings.leaseSeconds * 1000;
  }

  /** The record goes with the last of its leases. */
  async #takeFrom(dead: DaemonRecord, living: readonly DaemonRecord[]): Promise<boolean> {
    const { store, registry, logger } = this.#parts;
    const leased = await store.listLeased(dead.daemonId);
    let taken = 0;
    for (const lease of leased) {
      const run = await store.getRun(lease.runId);
      if (!run || !this.#isOursToTake(run, dead, living)) continue;
      if (await this.#take(lease)) taken += 1;
    }
    if (taken < leased.length) return taken > 0;
    await registry.remove(dead.daemonId);
    logger.info({ dead_daemon_id: dead.daemonId, runs: taken }, 'dead daemon removed');
    return taken > 0;
  }

  /** A daemon on the dead one's host can go on with the job itself, so it comes first. */
  #isOursToTake(run: Run, dead: DaemonRecord, living: readonly DaemonRecord[]): boolean {
    if (!canExecute(this.#parts, run)) return false;
    if (dead.host === this.#presence.host) return true;
    return !living.some(
      ({ host, engines }) =>
        host === dead.host && engines.some(({ engine }) => engine === run.engine),
    );
  }

  /**
   * A daemon that handed over has no record, and so no host. Whoever can see a run's job goes on with
   * it at once; only when nobody did for `leaseSeconds` it is anybody's.
   */
  async #takeWithoutRecord(owner: string): Promise<boolean> {
    const { store } = this.#parts;
    let isTaken = false;
    for (const lease of await store.listLeased(owner)) {
      const run = await store.getRun(lease.runId);
      if (!run || !canExecute(this.#parts, run)) continue;
      if (!this.#isSilent(owner) && !(await this.#seesJob(lease))) continue;
      isTaken = (await this.#take(lease)) || isTaken;
    }
    return isTaken;
  }

  async #seesJob({ jobId }: LeasedRun): Promise<boolean> {
    if (jobId === undefined) return false;
    return (await this.#parts.executor.poll(jobId)).status !== 'lost';
  }

  async #take({ runId, daemonId, attempt, state }: LeasedRun): Promise<boolean> {
    const { store, now, logger } = this.#parts;
    const to = this.#presence.daemonId;
    const isTaken = await store.takeOver(runId, { daemonId, attempt }, to, now());
    if (isTaken) {
      const facts = { run_id: runId, attempt, state, from_daemon_id: daemonId, daemon_id: to };
      logger.info(facts, 'run taken over');
    }
    return isTaken;
  }
}
