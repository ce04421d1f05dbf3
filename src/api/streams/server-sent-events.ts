import type { FastifyReply } from 'fastify';
import type { ApiInstance } from '../api-instance.ts';
import { EventStream } from './event-stream.ts';

/** Proxies close a connection that is silent, mostly after a minute. */
const HEARTBEAT_MS = 15_000;
/** After how long a client that lost its connection comes back. */
const RECONNECT_MS = 2000;

/** One event as the HTML standard writes it (9.2, server-sent events); `data` is one line of JSON. */
export function serverSentEvent(
  event: string,
  data: Readonly<Record<string, unknown>>,
  id?: string,
): Buffer {
  const name = id === undefined ? '' : `id: ${id}\n`;
  return Buffer.from(`${name}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** The open event streams of an API process. They end when it is closed: their clients go on elsewhere. */
export class EventStreams {
  readonly #open = new Set<EventStream>();

  constructor(app: ApiInstance) {
    const beat = setInterval(() => {
      for (const stream of this.#open) stream.heartbeat();
    }, HEARTBEAT_MS);
    beat.unref();
    app.addHook('preClose', () => {
      clearInterval(beat);
      for (const stream of this.#open) stream.end();
    });
  }

  /**
   * Answers with the events of `produce` until they end or the client goes away; then the signal is
   * aborted. Who reads slowly slows down nobody else.
   */
  send(
    reply: FastifyReply,
    produce: (signal: AbortSignal) => AsyncIterable<Buffer, void>,
  ): FastifyReply {
    const stream = new EventStream(async function* events(signal) {
      yield Buffer.from(`retry: ${RECONNECT_MS}\n\n`);
      yield* produce(signal);
    });
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
    reply.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no', // nginx would hold the events back
    });
    return reply.send(stream);
  }
}
