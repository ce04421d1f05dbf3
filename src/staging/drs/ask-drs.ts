import { setTimeout as sleep } from 'node:timers/promises';
import { FetchError, type Web, type WebAnswer } from '../protocol.ts';
import { reworded } from '../reworded.ts';
import { readJsonObject, type JsonObject } from '../read-answer.ts';

const ACCEPTED = 202;
/** A server that has to fetch an object first (from tape, say) is asked again so often. */
const MOST_WAITS = 20;
const LEAST_WAIT_SECONDS = 1;
const MOST_WAIT_SECONDS = 60;

export interface Asking {
  readonly web: Web;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface DrsAnswer {
  /** After redirects, without the query. */
  readonly url: string;
  readonly content: JsonObject;
}

/** @throws FetchError that names the server */
export async function askDrs(url: string, asking: Asking): Promise<DrsAnswer> {
  const { host } = new URL(url);
  for (let waits = 0; waits <= MOST_WAITS; waits += 1) {
    const answer = await get(url, asking, host);
    if (answer.status !== ACCEPTED) {
      const content = await readJsonObject(answer, `its DRS server ${host}`);
      return { url: answer.url.replace(/[?#].*$/, ''), content };
    }
    answer.body.destroy();
    await sleep(waitSeconds(answer) * 1000, undefined, { signal: asking.signal });
  }
  throw new FetchError(`its DRS server ${host} is still making it ready`, true);
}

async function get(
  url: string,
  { web, headers, signal }: Asking,
  host: string,
): Promise<WebAnswer> {
  const accept = { accept: 'application/json' };
  return await web
    .get(url, { headers: { ...accept, ...headers }, signal })
    .catch((error: unknown) => {
      if (!(error instanceof FetchError)) throw error;
      throw reworded(error, reason(error, host, 'authorization' in headers));
    });
}

function waitSeconds({ headers }: WebAnswer): number {
  const text = headers['retry-after'] ?? '';
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return LEAST_WAIT_SECONDS;
  return Math.min(Math.max(seconds, LEAST_WAIT_SECONDS), MOST_WAIT_SECONDS);
}

function reason({ status, message }: FetchError, host: string, hasToken: boolean): string {
  if (status === 404) return `its DRS server ${host} has no such object`;
  if (status === 401 && !hasToken) {
    return `its DRS server ${host} wants to know who asks, and the service has no token for it (STAGING_TOKENS)`;
  }
  if (status === 401) return `its DRS server ${host} refused the service's token`;
  if (status === 403) return `its DRS server ${host} does not let the service read it`;
  return `its DRS server ${host}: ${message}`;
}
