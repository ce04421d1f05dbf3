import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressGuard } from './address-guard.ts';
import { redacted } from './address.ts';
import { FetchError, type Web, type WebAnswer, type WebOptions } from './protocol.ts';
import { answerError, asFetchError } from './web-errors.ts';

const MOST_REDIRECTS = 10;
/** What may be told to other hosts than the one that was meant. */
const PLAIN_HEADERS = new Set(['range', 'if-range', 'accept']);

export interface WebDeps {
  readonly guard: AddressGuard;
  /** How long a connection may take to come about. */
  readonly connectMs: number;
  /** How long nothing may come. */
  readonly idleMs: number;
}

export interface ClosableWeb extends Web {
  /** Gives up the connections that were kept for later. */
  close(): void;
}

type Headers = Readonly<Record<string, string>>;

/**
 * The address that was looked at is the one that is connected to: there is one lookup, by the guard, and no
 * proxy between.
 */
export function createWeb(deps: WebDeps): ClosableWeb {
  const { lookup } = deps.guard;
  const guarded = createAgents({ lookup });
  const open = createAgents({});
  return {
    get: (url, options) => follow(url, options, deps, { guarded, open }),
    close: () => {
      for (const agents of [guarded, open]) {
        agents['http:'].destroy();
        agents['https:'].destroy();
      }
    },
  };
}

interface Agents {
  readonly 'http:': http.Agent;
  readonly 'https:': https.Agent;
}

interface AllAgents {
  readonly guarded: Agents;
  /** For what the operator named. */
  readonly open: Agents;
}

function createAgents(options: Pick<http.AgentOptions, 'lookup'>): Agents {
  return {
    'http:': new http.Agent({ ...options, keepAlive: true }),
    'https:': new https.Agent({ ...options, keepAlive: true }),
  };
}

async function follow(
  address: string,
  { headers = {}, signal }: WebOptions,
  deps: WebDeps,
  agents: AllAgents,
): Promise<WebAnswer> {
  let url = readUrl(address);
  let sent = lowerCase(headers);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    signal.throwIfAborted();
    const answer = await ask(url, sent, signal, deps, agents);
    const status = answer.statusCode ?? 0;
    const target = status >= 300 && status < 400 ? answer.headers.location : undefined;
    if (target === undefined) return accepted(answer, url, status);
    answer.destroy();
    const next = redirect(url, target);
    if (next.origin !== url.origin) sent = plainOnly(sent);
    url = next;
  }
  throw new FetchError(
    `it leads from one address to another more than ${MOST_REDIRECTS} times`,
    false,
  );
}

function accepted(answer: http.IncomingMessage, url: URL, status: number): WebAnswer {
  if (status < 200 || status > 299) {
    answer.destroy();
    throw answerError(status, answer.headers['retry-after']);
  }
  const headers = Object.entries(answer.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value] as const,
  );
  return { url: url.href, status, headers: Object.fromEntries(headers), body: answer };
}

function redirect(from: URL, target: string): URL {
  if (!URL.canParse(target, from.href)) throw new FetchError('it leads to no valid address', false);
  const url = new URL(target, from.href);
  const place = redacted(url.href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new FetchError(`it leads to ${place}, which is no http(s) address`, false);
  }
  // What was to be safe would not be any more, and nobody would notice.
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw new FetchError(`it leads from https to ${place}, which is not encrypted`, false);
  }
  return url;
}

function readUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new FetchError('it is no valid http(s) address', false);
}

function ask(
  url: URL,
  headers: Headers,
  signal: AbortSignal,
  { guard, connectMs, idleMs }: WebDeps,
  agents: AllAgents,
): Promise<http.IncomingMessage> {
  const isOpen = guard.isOpen(url.origin);
  if (!isOpen) guard.check(url.hostname);
  const protocol = url.protocol === 'https:' ? 'https:' : 'http:';
  const send = protocol === 'https:' ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const request = send(withoutUser(url), {
      agent: agents[isOpen ? 'open' : 'guarded'][protocol],
      headers: {
        'user-agent': 'ga4gh-wes',
        'accept-encoding': 'identity',
        ...basic(url),
        ...headers,
      },
      signal,
    });
    let answer: http.IncomingMessage | undefined;
    const giveUp = (reason: string) => {
      const error = new FetchError(reason, true);
      (answer ?? request).destroy(error);
    };
    watchConnection(request, connectMs, () => giveUp('the connection timed out'));
    request.setTimeout(idleMs, () => giveUp(`nothing came for ${idleMs / 1000} seconds`));
    request.once('error', (error) => reject(asFetchError(error)));
    request.once('response', (response) => {
      answer = response;
      resolve(response);
    });
    request.end();
  });
}

/** Until names are resolved, TCP is connected and TLS agreed upon. */
function watchConnection(request: http.ClientRequest, connectMs: number, onLate: () => void): void {
  const timer = setTimeout(onLate, connectMs);
  const stop = () => clearTimeout(timer);
  request.once('close', stop);
  request.once('socket', (socket) => {
    if (!socket.connecting) return stop(); // it was kept from an earlier request
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', stop);
  });
}

function withoutUser(url: URL): URL {
  const plain = new URL(url.href);
  plain.username = '';
  plain.password = '';
  return plain;
}

function basic({ username, password }: URL): Headers {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function plainOnly(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => PLAIN_HEADERS.has(name)));
}

function lowerCase(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
