import { errorKindOf, WesClientError } from './client-error.ts';

export type WesCredentials =
  | { readonly type: 'basic'; readonly name: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string };

export interface TransportOptions {
  /** Only addresses of this origin are sent the credentials. */
  readonly origin: string;
  readonly credentials?: WesCredentials | undefined;
  /** Milliseconds until an answer must have begun; 30,000 by default, never for uploads. */
  readonly timeoutMs?: number | undefined;
  /** Ends calls that are under way, with its reason as the error. */
  readonly signal?: AbortSignal | undefined;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: FormData;
  /** Statuses from 400 on that are an answer to the caller rather than an error. */
  readonly expects?: readonly number[];
}

export interface Transport {
  /** @throws WesClientError for anything but 2xx and the statuses that the call expects. */
  send(url: URL, call?: Call): Promise<Response>;
  /** The JSON of the answer. @throws WesClientError as `send`, and when the answer is no JSON. */
  json(url: URL, call?: Call): Promise<unknown>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const LONGEST_MESSAGE = 2000;

export function createTransport(options: TransportOptions): Transport {
  async function send(url: URL, call: Call = {}): Promise<Response> {
    const response = await answer(url, call, options);
    if (response.ok || call.expects?.includes(response.status) === true) return response;
    throw await refusal(url, response);
  }
  async function json(url: URL, call: Call = {}): Promise<unknown> {
    const headers = { accept: 'application/json', ...call.headers };
    const response = await send(url, { ...call, headers });
    try {
      return await response.json();
    } catch (error) {
      options.signal?.throwIfAborted();
      const message = `${shown(url)} gave no JSON: is this the address of a WES server?`;
      throw new WesClientError('server_error', message, response.status, { cause: error });
    }
  }
  return { send, json };
}

/** The timeout covers the wait for the answer's head only: a body may be a log of many gigabytes. */
async function answer(url: URL, call: Call, options: TransportOptions): Promise<Response> {
  const late = new AbortController();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timer = call.body === undefined ? setTimeout(() => late.abort(), timeoutMs) : undefined;
  const signals = [late.signal, ...(options.signal === undefined ? [] : [options.signal])];
  try {
    return await fetch(url, {
      method: call.method ?? 'GET',
      headers: { ...authorization(url, options), ...call.headers },
      signal: AbortSignal.any(signals),
      ...(call.body === undefined ? {} : { body: call.body }),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    const problem = late.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    const message = `${shown(url)} can't be reached: ${problem}`;
    throw new WesClientError('unreachable', message, undefined, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function authorization(url: URL, options: TransportOptions): Record<string, string> {
  const { credentials } = options;
  if (credentials === undefined || url.origin !== options.origin) return {};
  if (credentials.type === 'bearer') return { authorization: `Bearer ${credentials.token}` };
  return { authorization: `Basic ${base64(`${credentials.name}:${credentials.password}`)}` };
}

/** Of the UTF-8 bytes (RFC 7617, section 2.1); `btoa` alone knows Latin-1 only. */
function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}

async function refusal(url: URL, response: Response): Promise<WesClientError> {
  const said = messageIn(await response.text().catch(() => ''));
  const kind = errorKindOf(response.status);
  const message = said ?? `${shown(url)} answered ${response.status} ${response.statusText}`.trim();
  return new WesClientError(kind, message, response.status);
}

/** `msg` of the standard's ErrorResponse, or what other servers put in its place. */
function messageIn(body: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const fields = new Map(Object.entries(parsed));
  const said = ['msg', 'message', 'detail', 'error'].map((name) => fields.get(name));
  const first = said.find((value) => typeof value === 'string' && value !== '');
  return typeof first === 'string' ? first.slice(0, LONGEST_MESSAGE) : undefined;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says only "fetch failed"; what happened is in the cause, of several addresses in the first.
  const cause: unknown = error.cause;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? reasonOf(cause) : error.message;
}

function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
