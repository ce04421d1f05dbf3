import { LRUCache } from 'lru-cache';
import { StorageError, type Storage } from '../../storage/storage.ts';
import { LogWatch, type LogSubject } from './log-watch.ts';

/** Readers see what was written within two seconds; the daemon's copying takes a part of them. */
const LOOK_MS = 400;
/** Reading costs a few requests of some storages, however much is read. */
const BLOCK_BYTES = 512 * 1024;
/** Of blocks, before they are encoded: followers of some dozens of logs may be at different places. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** What a follower is told: some of the log, that it began anew, or at last how long it is. */
export type LogNews<T> =
  | { readonly type: 'block'; readonly value: T; readonly next: number }
  | { readonly type: 'restarted' }
  | { readonly type: 'over'; readonly sizeBytes: number };

export interface Block<T> {
  readonly value: T;
  /** Where the next block begins: the encoder may leave some of the last bytes to it. */
  readonly next: number;
}

export interface LogPiece {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly attempt: number;
  /** No bytes come after these. */
  readonly isLast: boolean;
}

export interface GrowingLogsOptions<T> {
  readonly storage: Pick<Storage, 'get' | 'stat'>;
  /**
   * Called once for a block, however many follow; undefined when more bytes are needed first.
   */
  readonly encode: (piece: LogPiece) => Block<T> | undefined;
  readonly lookMs?: number;
  readonly onError: (error: unknown) => void;
}

/**
 * Growing logs for any number of readers: a log is looked at once in a while, and each of its blocks is
 * read and encoded once, however many follow it. Of a log that nobody follows nothing goes on.
 */
export class GrowingLogs<T> {
  readonly #options: GrowingLogsOptions<T>;
  readonly #watches = new Map<string, LogWatch>();
  readonly #blocks = new LRUCache<string, Promise<Block<T> | undefined>>({
    maxSize: KEPT_BYTES,
  });

  constructor(options: GrowingLogsOptions<T>) {
    this.#options = options;
  }

  /** The log from byte `offset` on, as it grows, until its writer is done or the signal is aborted. */
  async *follow(
    subject: LogSubject,
    offset: number,
    signal: AbortSignal,
  ): AsyncGenerator<LogNews<T>, void, undefined> {
    const watch = this.#join(subject);
    try {
      let at = offset;
      let seen = offset;
      for (;;) {
        await watch.whenOtherThan(seen, signal);
        if (signal.aborted) return;
        const { sizeBytes, isOver } = watch;
        if (sizeBytes < at) {
          [at, seen] = [0, 0];
          yield { type: 'restarted' };
        }
        const end = Math.min(at + BLOCK_BYTES, sizeBytes);
        const block = await this.#block(subject, at, end, isOver && end === sizeBytes);
        if (block !== undefined) {
          [at, seen] = [block.next, block.next];
          yield { type: 'block', ...block };
        } else if (isOver) {
          yield { type: 'over', sizeBytes };
          return;
        } else {
          seen = end;
        }
      }
    } finally {
      this.#leave(subject.key, watch);
    }
  }

  #join(subject: LogSubject): LogWatch {
    const { storage, onError, lookMs = LOOK_MS } = this.#options;
    const watch =
      this.#watches.get(subject.key) ?? new LogWatch(subject, { storage, onError, lookMs });
    this.#watches.set(subject.key, watch);
    watch.followers += 1;
    return watch;
  }

  #leave(key: string, watch: LogWatch): void {
    watch.followers -= 1;
    if (watch.followers > 0) return;
    watch.stop();
    this.#watches.delete(key);
  }

  /** Those who are at the same place get the same block; one that could not be read is not kept. */
  #block(
    { key, attempt }: LogSubject,
    start: number,
    end: number,
    isLast: boolean,
  ): Promise<Block<T> | undefined> {
    if (start === end) return Promise.resolve(undefined);
    const name = `${start}-${end}${isLast ? '.' : ''} ${key}`;
    const known = this.#blocks.get(name);
    if (known !== undefined) return known;
    const block = this.#read(key, start, end).then((bytes) =>
      bytes.length === 0
        ? undefined
        : this.#options.encode({ bytes, offset: start, attempt, isLast }),
    );
    this.#blocks.set(name, block, { size: end - start });
    block.catch(() => this.#blocks.delete(name));
    return block;
  }

  /** A log that was removed just now has no bytes. */
  async #read(key: string, start: number, end: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    try {
      const stream = await this.#options.storage.get(key, { start, end: end - 1 });
      for await (const chunk of stream) chunks.push(chunk as Uint8Array); // a stream of bytes
    } catch (error) {
      if (!(error instanceof StorageError && error.code === 'not_found')) throw error;
    }
    return Buffer.concat(chunks);
  }
}
