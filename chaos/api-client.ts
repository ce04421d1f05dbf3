import type { Random } from './random.ts';
import { authorization, type ChaosUser } from './users.ts';

const PREFIX = '/ga4gh/wes/v1';
const ANSWER_MS = 20_000;

export type Fields = Readonly<Record<string, unknown>>;

export interface Counts {
  requests: number;
  /** Answers of 503, and connections that broke: what clients of a killed service must expect. */
  unavailable: number;
  /** Submissions that found too many of the user's runs in the queue. */
  overQuota: number;
}

interface Call {
  readonly body?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests of one user, each to one of the API processes. */
export class ApiClient {
  readonly counts: Counts = { requests: 0, unavailable: 0, overQuota: 0 };
  readonly #bases: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #random: Random;
  readonly #violate: (rule: string, detail: string) => void;

  constructor(parts: {
    readonly user: ChaosUser;
    readonly bases: readonly string[];
    readonly random: Random;
    readonly violate: (rule: string, detail: string) => void;
  }) {
    this.#bases = parts.bases;
    this.#headers = { authorization: authorization(parts.user) };
    this.#random = parts.random;
    this.#violate = parts.violate;
  }

  /** Undefined when nobody answered. An error of the service itself, other than 503, is a violation. */
  async call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { body, headers = {} }: Call = {},
  ): Promise<Response | undefined> {
    const base = this.#random.pick(this.#bases) ?? '';
    this.counts.requests += 1;
    try {
      const answer = await fetch(`${base}${PREFIX}${path}`, {
        method,
        headers: { ...this.#headers, ...headers },
        signal: AbortSignal.timeout(ANSWER_MS),
        ...(body !== undefined && { body }),
      });
      await this.#judge(`${method} ${path}`, answer);
      return answer;
    } catch {
      this.counts.unavailable += 1;
      return undefined;
    }
  }

  /** The JSON of an answer of 200; undefined for anything else. */
  async read(path: string): Promise<Fields | undefined> {
    const answer = await this.call('GET', path);
    return answer?.ok === true ? await readJson(answer) : undefined;
  }

  /** The text behind an address that an answer gave; undefined when it is not there. */
  async text(address: string): Promise<string | undefined> {
    const { pathname } = new URL(address, 'http://localhost');
    const answer = await this.call('GET', pathname.slice(PREFIX.length));
    return answer?.ok === true ? await answer.text().catch(() => undefined) : undefined;
  }

  async #judge(request: string, answer: Response): Promise<void> {
    if (answer.status === 503) this.counts.unavailable += 1;
    else if (answer.status === 429) this.counts.overQuota += 1;
    else if (answer.status === 401) this.#violate('a good password is taken', request);
    else if (answer.status >= 500) {
      const detail = `${request}: ${answer.status} ${await answer.clone().text()}`;
      this.#violate('the API fails with 503 only', detail);
    }
  }
}

export async function readJson(answer: Response): Promise<Fields | undefined> {
  return (await answer.json().catch(() => undefined)) as Fields | undefined; // objects, by the standard
}
