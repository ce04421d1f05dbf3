import { EventSourceParserStream } from 'eventsource-parser/stream';
import { isTransient, WesClientError } from './client-error.ts';
import { NO_SUCH_OPERATION } from './run-operations.ts';
import type { Transport } from './transport.ts';

/** One of a server's events; `data` is read as JSON where it is some. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

export interface EventSourceOptions {
  /** Where an earlier stream had come to. */
  readonly lastEventId?: string | undefined;
  /** How long a server may be away before that is an error, in ms; a minute by default. */
  readonly patienceMs?: number;
  /** Told once each time that the server goes away. */
  readonly onSilence?: ((error: unknown) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const MEDIA_TYPE = 'text/event-stream';
const PATIENCE_MS = 60_000;
/** Where the server does not say how long. */
const PAUSE_MS = 1000;

/**
 * The events at an address, over any number of connections: after each loss it goes on behind the last
 * event that came. It ends when its reader leaves it. Undefined where a server has no events there.
 * @throws WesClientError also from the iteration, when the server stays away for too long
 */
export async function openEventSource(
  url: URL,
  transport: Transport,
  options: EventSourceOptions = {},
): Promise<AsyncGenerator<ServerEvent, void, undefined> | undefined> {
  const first = await connect(url, transport, options.lastEventId);
  return first === undefined ? undefined : connectedEvents(first, url, transport, options);
}

async function* connectedEvents(
  first: Response,
  url: URL,
  transport: Transport,
  options: EventSourceOptions,
): AsyncGenerator<ServerEvent, void, undefined> {
  let lastEventId = options.lastEventId;
  let response: Response | undefined = first;
  let silentSince: number | undefined;
  let pauseMs = PAUSE_MS;
  const onRetry = (milliseconds: number): void => void (pauseMs = milliseconds);
  for (;;) {
    try {
      response ??= await connect(url, transport, lastEventId);
      if (response === undefined) return;
      for await (const { id, ...event } of eventsOf(response, onRetry)) {
        silentSince = undefined;
        lastEventId = id ?? lastEventId;
        yield event;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof WesClientError && !isTransient(error)) throw error;
      if (silentSince === undefined) options.onSilence?.(error);
      silentSince ??= performance.now();
      if (performance.now() - silentSince > (options.patienceMs ?? PATIENCE_MS)) throw error;
    }
    response = undefined;
    await pause(pauseMs, options.signal);
  }
}

async function connect(
  url: URL,
  transport: Transport,
  lastEventId: string | undefined,
): Promise<Response | undefined> {
  const headers = {
    accept: MEDIA_TYPE,
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const response = await transport.send(url, { headers, expects: NO_SUCH_OPERATION });
  if (response.ok && response.headers.get('content-type')?.startsWith(MEDIA_TYPE) === true) {
    return response;
  }
  await response.body?.cancel();
  return undefined;
}

async function* eventsOf(
  response: Response,
  onRetry: (milliseconds: number) => void,
): AsyncGenerator<ServerEvent & { readonly id: string | undefined }, void, undefined> {
  if (response.body === null) return;
  const reader = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onRetry }))
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield { id: value.id, event: value.event ?? 'message', data: parsed(value.data) };
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

/** Timers of browsers and Node alike. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error); // whoever aborts gives an error as the reason
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
