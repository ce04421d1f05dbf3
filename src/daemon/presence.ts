import { randomUUID } from 'node:crypto';
import { offersOf } from '../engines/detect.ts';
import { readHost } from '../executors/host.ts';
import { readProcess } from '../executors/process-stat.ts';
import type { NewDaemon } from '../runs/daemon-registry.ts';
import type { DaemonParts } from './daemon-deps.ts';
import { Waker } from './waker.ts';

/**
 * This daemon among the others: its record and its beat. A daemon that could not beat for
 * `leaseSeconds` on its own monotonic clock counts itself as dead before any other does, because the
 * others began to count later.
 */
export class Presence {
  readonly #parts: DaemonParts;
  readonly #onLost: () => void;
  readonly #waker = new Waker();
  #daemonId = '';
  #host = '';
  /** When the latest beat that reached the database was sent. */
  #beatSentAt = Number.NEGATIVE_INFINITY;
  #ended: Promise<void> | undefined;
  #isEnding = false;

  /** `onLost` is called when all leases are lost, after which the daemon may have another id. */
  constructor(parts: DaemonParts, onLost: () => void) {
    this.#parts = parts;
    this.#onLost = onLost;
  }

  get daemonId(): string {
    return this.#daemonId;
  }

  /** Identity of this machine and boot, as in the records of daemons. */
  get host(): string {
    return this.#host;
  }

  get beatSentAt(): number {
    return this.#beatSentAt;
  }

  isFresh(): boolean {
    const silentMs = this.#parts.monotonicNow() - this.#beatSentAt;
    return silentMs < this.#parts.settings.leaseSeconds * 1000;
  }

  /**
   * Beats now when the latest beat is too long ago for any lease to be held; those that there were
   * are lost even when the beat succeeds, because others may have taken them meanwhile.
   * @throws when the database can't be reached
   */
  async refresh(): Promise<void> {
    if (this.isFresh()) return;
    this.#onLost();
    await this.#beat();
  }

  /** @throws when the database can't be reached */
  async begin(): Promise<void> {
    await this.#register();
    this.#ended = this.#keepBeating();
  }

  /** Ends the beat and removes the record, so that others need not wait for the lease to run out. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#waker.wake();
    await this.#ended;
    const { registry, logger } = this.#parts;
    try {
      await registry.remove(this.#daemonId);
    } catch (error) {
      logger.warn({ err: error, daemon_id: this.#daemonId }, 'daemon record not removed');
    }
  }

  async #register(): Promise<void> {
    const sentAt = this.#parts.monotonicNow();
    const record = await describeDaemon(this.#parts);
    await this.#parts.registry.register(record);
    this.#daemonId = record.daemonId;
    this.#host = record.host;
    this.#beatSentAt = sentAt;
  }

  async #keepBeating(): Promise<void> {
    const { settings, logger } = this.#parts;
    while (!this.#isEnding) {
      await this.#waker.wait(settings.heartbeatSeconds * 1000);
      if (this.#isEnding) return;
      try {
        await this.#beat();
      } catch (error) {
        logger.warn({ err: error, daemon_id: this.#daemonId }, 'heartbeat failed');
      }
      if (!this.isFresh()) this.#onLost();
    }
  }

  async #beat(): Promise<void> {
    const { registry, now, monotonicNow, logger } = this.#parts;
    const sentAt = monotonicNow();
    if (await registry.beat(this.#daemonId, now())) {
      this.#beatSentAt = sentAt;
      return;
    }
    logger.warn({ daemon_id: this.#daemonId }, 'daemon was taken for dead');
    this.#beatSentAt = Number.NEGATIVE_INFINITY;
    this.#onLost();
    await this.#register();
  }
}

async function describeDaemon(parts: DaemonParts): Promise<NewDaemon> {
  return {
    daemonId: randomUUID(),
    host: (await readHost()).identity,
    processId: process.pid,
    processStart: (await readProcess(process.pid))?.start ?? '',
    startedAt: parts.now(),
    engines: offersOf(parts.engines),
  };
}
