import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { runLogKey } from '../runs/storage-keys.ts';
import type { StagingEvent } from '../staging/staging.ts';
import { limitOf } from './log-limit.ts';
import { LogTail } from './log-tail.ts';
import type { RunContext } from './run-context.ts';

const PROGRESS_INTERVAL_MS = 5000;
const PRIVATE_FILE = 0o600;

/**
 * What is fetched for a run, told in its stderr before the engine writes there, and in storage while it goes on.
 * What can't be written of it is no reason to fail.
 */
export class StagingLog {
  readonly #context: RunContext;
  readonly #shown: (address: string) => string;
  readonly #tail: LogTail;
  readonly #toldAt = new Map<string, number>();
  readonly #end = new AbortController();
  readonly #copying: Promise<void>;
  #writing: Promise<void> = Promise.resolve();

  /** @param shown an address as it may be told */
  constructor(context: RunContext, shown: (address: string) => string) {
    this.#context = context;
    this.#shown = shown;
    const { active, parts, run, directory } = context;
    const key = runLogKey(run, 'stderr');
    const file = { path: directory.stderr, root: directory.root };
    const source = { ...file, key, isNew: true, ...limitOf(parts.settings) };
    this.#tail = new LogTail(source, parts.storage, () => active.assertLease());
    this.#copying = this.#keepCopying();
  }

  tell(event: StagingEvent): void {
    const text = this.#textOf(event);
    if (text !== undefined) this.write(text);
  }

  write(text: string): void {
    const line = `${new Date(this.#context.parts.now()).toISOString()} ${text}\n`;
    const path = this.#context.directory.stderr;
    this.#writing = this.#writing
      .then(() => appendFile(path, line, { mode: PRIVATE_FILE }))
      .catch((error: unknown) => this.#warn(error));
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#copying;
    await this.#writing;
    await this.#copy();
  }

  #textOf(event: StagingEvent): string | undefined {
    const address = this.#shown(event.address);
    switch (event.type) {
      case 'started':
        this.#toldAt.set(event.address, this.#context.parts.monotonicNow());
        return `fetching ${address}`;
      case 'progress':
        return this.#isDue(event.address) ? `fetching ${address}: ${event.bytes} bytes` : undefined;
      case 'retrying':
        return `fetching ${address}: ${event.reason}; again in ${event.pauseMs / 1000} seconds`;
      case 'fetched':
        return `fetched ${address}: ${event.sizeBytes} bytes${event.isFromCache ? ' from the cache' : ''}`;
    }
  }

  #isDue(address: string): boolean {
    const now = this.#context.parts.monotonicNow();
    if (now - (this.#toldAt.get(address) ?? 0) < PROGRESS_INTERVAL_MS) return false;
    this.#toldAt.set(address, now);
    return true;
  }

  async #keepCopying(): Promise<void> {
    const { signal } = this.#end;
    const { logIntervalMs } = this.#context.parts.settings;
    while (!signal.aborted) {
      await delay(logIntervalMs, undefined, { signal }).catch(() => undefined);
      await this.#writing;
      await this.#copy();
    }
  }

  /** Never as a whole: the engine goes on in the same file. */
  async #copy(): Promise<void> {
    await this.#tail.copy(false).catch((error: unknown) => this.#warn(error));
  }

  #warn(error: unknown): void {
    this.#context.logger.warn({ err: error }, 'staging log not copied');
  }
}
