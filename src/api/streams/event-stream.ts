import { Readable } from 'node:stream';

const HEARTBEAT = Buffer.from(': still here\n\n');

/**
 * Events, as bytes, that are produced as fast as they are read. Destroying the stream, as when its
 * reader has gone, aborts the producer's signal; a producer that throws after that is not heard.
 */
export class EventStream extends Readable {
  readonly #abort = new AbortController();
  readonly #events: AsyncIterator<Buffer, void>;
  #isPulling = false;
  #wasSilent = false;

  constructor(produce: (signal: AbortSignal) => AsyncIterable<Buffer, void>) {
    super();
    this.#events = produce(this.#abort.signal)[Symbol.asyncIterator]();
  }

  /** Ends the stream as if there were no more events. */
  end(): void {
    this.push(null);
    this.#abort.abort();
  }

  /** To be called in turn: a stream that was silent since the last call says that it is there. */
  heartbeat(): void {
    if (this.#wasSilent && !this.readableEnded && this.readableLength === 0) this.push(HEARTBEAT);
    this.#wasSilent = true;
  }

  override _read(): void {
    if (this.#isPulling) return;
    this.#isPulling = true;
    void this.#pull();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#abort.abort();
    done(error);
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#events.next();
      this.#isPulling = false;
      if (this.#abort.signal.aborted) return;
      this.#wasSilent = false;
      this.push(done === true ? null : value);
    } catch (error) {
      if (!this.#abort.signal.aborted) this.destroy(error instanceof Error ? error : undefined);
    }
  }
}
