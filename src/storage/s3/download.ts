import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { StorageError } from '../storage.ts';
import type { ByteRange } from '../storage.ts';
import type { Bucket, Download } from './bucket.ts';
import { statusOf } from './bucket-error.ts';

/** Pauses before each new try after one that brought no byte. */
const RESUME_PAUSES_MS: readonly number[] = [0, 200, 1000, 3000, 8000];

/**
 * The bytes of an object's one version, whose download has begun. A connection that breaks is replaced
 * by another that goes on where it broke, as long as the version is still there.
 */
export function resumable(
  bucket: Bucket,
  name: string,
  download: Download,
  range: ByteRange = { start: 0 },
): Readable {
  const chunks = new Chunks(bucket, name, download, range.start);
  const stream = Readable.from(untilEnd(chunks), { objectMode: false });
  // A generator that waits for a chunk can't be told to end: the chunk must come, or not come.
  stream.once('close', () => chunks.close());
  return stream;
}

async function* untilEnd(chunks: Chunks): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = await chunks.next();
    if (chunk === undefined) return;
    yield chunk;
  }
}

class Chunks {
  readonly #bucket: Bucket;
  readonly #name: string;
  readonly #etag: string;
  readonly #end: number;
  #body: Readable;
  #iterator: AsyncIterator<Uint8Array>;
  #position: number;
  #failures = 0;
  #isClosed = false;

  constructor(bucket: Bucket, name: string, download: Download, start: number) {
    this.#bucket = bucket;
    this.#name = name;
    this.#etag = download.etag;
    this.#position = start;
    this.#end = start + download.sizeBytes;
    this.#body = download.body;
    this.#iterator = download.body[Symbol.asyncIterator]();
  }

  /** Undefined after the last one. */
  async next(): Promise<Uint8Array | undefined> {
    while (this.#position < this.#end) {
      try {
        const { done, value } = await this.#iterator.next();
        if (done === true) throw new Error('the answer ended too early');
        this.#position += value.byteLength;
        this.#failures = 0;
        return value;
      } catch (error) {
        if (this.#isClosed) return undefined;
        await this.#resume(error);
      }
    }
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#body.destroy();
  }

  async #resume(reason: unknown): Promise<void> {
    const pauseMs = RESUME_PAUSES_MS[this.#failures];
    this.#failures += 1;
    if (pauseMs === undefined) {
      throw new StorageError('unavailable', 'the connection to storage broke again and again', {
        cause: reason,
      });
    }
    this.#body.destroy();
    await delay(pauseMs);
    if (this.#isClosed) return;
    this.#use(await this.#request());
  }

  #use(download: Download | undefined): void {
    if (download === undefined) throw changed();
    if (this.#isClosed) download.body.destroy();
    this.#body = download.body;
    this.#iterator = download.body[Symbol.asyncIterator]();
  }

  async #request(): Promise<Download | undefined> {
    const range = { start: this.#position, end: this.#end - 1 };
    try {
      return await this.#bucket.get(this.#name, range, this.#etag);
    } catch (error) {
      const isOther = error instanceof StorageError && statusOf(error.cause) === 412;
      throw isOther ? changed() : error;
    }
  }
}

function changed(): StorageError {
  return new StorageError('not_found', 'the object was replaced while it was read');
}
