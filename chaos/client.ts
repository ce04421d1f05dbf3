import { setTimeout as delay } from 'node:timers/promises';
import { isState, type State } from '../src/runs/state.ts';
import type { Ledger, KnownRun } from './ledger.ts';
import type { Random } from './random.ts';
import { planRun, type RunPlan } from './workload.ts';

const PREFIX = '/ga4gh/wes/v1';
const ANSWER_MS = 20_000;
const SUBMIT_TRIES = 6;
const LOOKS_AFTER_CANCEL = 40;
const LOOK_MS = 30;

export interface Counts {
  requests: number;
  /** Answers of 503, and connections that broke: what clients of a killed service must expect. */
  unavailable: number;
}

/** A client that submits, polls, lists and cancels, over whichever API process answers. */
export class ChaosClient {
  readonly #name: string;
  readonly #bases: readonly string[];
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly counts: Counts = { requests: 0, unavailable: 0 };
  #submitted = 0;

  constructor(name: string, bases: readonly string[], ledger: Ledger, random: Random) {
    this.#name = name;
    this.#bases = bases;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Goes on until it is told to end. */
  async work(options: {
    readonly signal: AbortSignal;
    readonly markDirectory: string;
    readonly hasCwl: boolean;
    readonly mostLive: number;
  }): Promise<void> {
    const { signal, mostLive } = options;
    while (!signal.aborted) {
      const choice = this.#random.next();
      if (choice < 0.4 && this.#ledger.live().length < mostLive) {
        const label = `${this.#name}-${(this.#submitted += 1)}`;
        await this.#submit(planRun(this.#random, label, options));
      } else if (choice < 0.48) await this.#cancelOne();
      else if (choice < 0.6) await this.list();
      else await this.#pollOne();
      await delay(this.#random.between(50, 500));
    }
  }

  /** One page of the newest runs, or all runs with this label. */
  async list(label?: string): Promise<readonly string[] | undefined> {
    const ends = new Map(this.#ledger.runs.map((run) => [run.runId, run.end]));
    const query =
      label === undefined ? 'page_size=30' : `tag_key=label&tag_value=${label}&page_size=30`;
    const body = await this.#json('GET', `/runs?${query}`);
    if (body === undefined) return undefined;
    const runs = Array.isArray(body.runs) ? (body.runs as readonly Answer[]) : [];
    for (const { run_id: runId, state } of runs) {
      if (typeof runId !== 'string' || !isState(state)) continue;
      this.#ledger.observed(runId, state, ends.get(runId));
    }
    return runs.map(({ run_id: runId }) => String(runId));
  }

  async poll(run: KnownRun & { readonly runId: string }): Promise<State | undefined> {
    const { runId, end } = run;
    const answer = await this.#call('GET', `/runs/${runId}/status`);
    if (answer?.status === 404) {
      this.#ledger.violate('an accepted run exists', runId, 'its status was answered with 404');
    }
    const state = answer?.ok === true ? (await readJson(answer))?.state : undefined;
    if (!isState(state)) return undefined;
    this.#ledger.observed(runId, state, end);
    return state;
  }

  /** The JSON of an answer of 200; undefined for anything else. */
  async read(path: string): Promise<Answer | undefined> {
    return await this.#json('GET', path);
  }

  /** The text behind an address that an answer gave; undefined when it is not there. */
  async text(address: string): Promise<string | undefined> {
    const { pathname } = new URL(address, 'http://localhost');
    const answer = await this.#call('GET', pathname.slice(PREFIX.length));
    return answer?.ok === true ? await answer.text().catch(() => undefined) : undefined;
  }

  /** The same key each time, so that an answer that was lost on the way does no harm. */
  async #submit(plan: RunPlan): Promise<void> {
    const run = this.#ledger.add(plan);
    for (let tries = 0; tries < SUBMIT_TRIES; tries += 1) {
      const form = new FormData();
      for (const [name, value] of Object.entries(plan.fields)) form.append(name, value);
      form.append('tags', JSON.stringify({ label: plan.label }));
      for (const [name, content] of Object.entries(plan.attachments)) {
        form.append('workflow_attachment', new Blob([content]), name);
      }
      const answer = await this.#call('POST', '/runs', form, { 'idempotency-key': plan.label });
      const body = answer && (await readJson(answer));
      if (answer?.ok === true && typeof body?.run_id === 'string') {
        return this.#ledger.accepted(run, body.run_id);
      }
      if (answer !== undefined && answer.status < 500) {
        const detail = `${answer.status}: ${String(body?.msg)}`;
        return this.#ledger.violate('a good request is accepted', undefined, detail);
      }
      await delay(this.#random.between(200, 1000));
    }
  }

  async #pollOne(): Promise<void> {
    const live = this.#ledger.live();
    const any = this.#ledger.runs.filter((run) => run.runId !== undefined);
    // Now and then one that ended, whose state must stay.
    const run = this.#random.pick(this.#random.chance(0.8) && live.length > 0 ? live : any);
    if (run?.runId !== undefined) await this.poll(run as KnownRun & { readonly runId: string });
  }

  async #cancelOne(): Promise<void> {
    const run = this.#random.pick(this.#ledger.live());
    if (run === undefined) return;
    run.isCancelTried = true;
    const answer = await this.#call('POST', `/runs/${run.runId}/cancel`);
    if (answer?.ok === true) run.cancelAcceptedAt ??= Date.now();
    // To be there when it ends: what is alive then does not live long.
    for (let looks = 0; looks < LOOKS_AFTER_CANCEL && run.end === undefined; looks += 1) {
      await this.poll(run);
      await delay(LOOK_MS);
    }
  }

  async #json(method: 'GET' | 'POST', path: string): Promise<Answer | undefined> {
    const answer = await this.#call(method, path);
    return answer?.ok === true ? await readJson(answer) : undefined;
  }

  /** Undefined when nobody answered. An error of the service itself, other than 503, is a violation. */
  async #call(
    method: 'GET' | 'POST',
    path: string,
    body?: FormData,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response | undefined> {
    const base = this.#random.pick(this.#bases) ?? '';
    this.counts.requests += 1;
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const init = { method, headers, signal, ...(body === undefined ? {} : { body }) };
      const answer = await fetch(`${base}${PREFIX}${path}`, init);
      if (answer.status === 503) this.counts.unavailable += 1;
      else if (answer.status >= 500) {
        const detail = `${method} ${path}: ${answer.status} ${await answer.clone().text()}`;
        this.#ledger.violate('the API fails with 503 only', undefined, detail);
      }
      return answer;
    } catch {
      this.counts.unavailable += 1;
      return undefined;
    }
  }
}

type Answer = Readonly<Record<string, unknown>>;

async function readJson(answer: Response): Promise<Answer | undefined> {
  return (await answer.json().catch(() => undefined)) as Answer | undefined; // objects, by the standard
}
