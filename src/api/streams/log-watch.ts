import { setTimeout as delay } from 'node:timers/promises';
import type { Storage } from '../../storage/storage.ts';
import { Wakeups } from './wakeups.ts';

/** What one attempt at a run writes, in storage: it may still grow. */
export interface LogSubject {
  readonly key: string;
  readonly attempt: number;
  /** Whether its writer is done. Asked before the size is looked at, which is final then. */
  isOver(): Promise<boolean>;
}

export interface LogWatchOptions {
  readonly storage: Pick<Storage, 'stat'>;
  readonly lookMs: number;
  readonly onError: (error: unknown) => void;
}

/** Looks at one log in turn for all who follow it, until it is over or is stopped. */
export class LogWatch {
  readonly #subject: LogSubject;
  readonly #options: LogWatchOptions;
  readonly #wakeups = new Wakeups();
  readonly #stopping = new AbortController();
  #hasLooked = false;
  #sizeBytes = 0;
  #isOver = false;
  followers = 0;

  constructor(subject: LogSubject, options: LogWatchOptions) {
    this.#subject = subject;
    this.#options = options;
    void this.#lookInTurn();
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Until the log has another size than `seen`, is over, or the signal is aborted. */
  async whenOtherThan(seen: number, signal: AbortSignal): Promise<void> {
    await this.#wakeups.until(() => this.#isOther(seen), signal);
  }

  #isOther(seen: number): boolean {
    return this.#isOver || (this.#hasLooked && this.#sizeBytes !== seen);
  }

  async #lookInTurn(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted && !this.#isOver) {
      // What can't be asked now is asked again: followers wait meanwhile.
      await this.#look().catch(this.#options.onError);
      this.#wakeups.wake();
      await delay(this.#options.lookMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const isOver = await this.#subject.isOver();
    this.#sizeBytes = (await this.#options.storage.stat(this.#subject.key))?.sizeBytes ?? 0;
    this.#isOver = isOver;
    this.#hasLooked = true;
  }
}
