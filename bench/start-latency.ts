import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from './percentile.ts';

export interface LatencyFigures {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const GIVE_UP_MS = 30_000;
const RUN_SECONDS = 0.5;
const BETWEEN_LOOKS_MS = 2;

export const SUBMISSION = JSON.stringify({
  workflow_type: 'FAKE',
  workflow_type_version: '1.0',
  workflow_url: 'https://example.org/workflow',
  workflow_params: { fake: { seconds: RUN_SECONDS } },
  tags: { project: 'benchmark' },
});

/** From before a submission until a client sees the run as RUNNING, one run after the other. */
export async function measureOneByOne(api: string, samples: number): Promise<LatencyFigures> {
  await timeToRunning(api); // the first one pays for connections and compilation
  const times: number[] = [];
  for (let index = 0; index < samples; index += 1) times.push(await timeToRunning(api));
  return figuresOf(times);
}

/**
 * The same for runs that are submitted at random times, as a polling daemon is met at any point of
 * its interval. The random numbers are always the same.
 */
export async function measureSpread(
  api: string,
  samples: number,
  spreadSeconds: number,
): Promise<LatencyFigures> {
  await timeToRunning(api);
  const random = seededRandom(20_261_123);
  const times = await Promise.all(
    Array.from({ length: samples }, async () => {
      await delay(random() * spreadSeconds * 1000);
      return timeToRunning(api);
    }),
  );
  return figuresOf(times);
}

async function timeToRunning(api: string): Promise<number> {
  const start = performance.now();
  const submitted = await json(`${api}/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: SUBMISSION,
  });
  const url = `${api}/runs/${String(submitted.run_id)}/status`;
  for (;;) {
    const { state } = await json(url);
    const elapsedMs = performance.now() - start;
    if (state === 'RUNNING' || state === 'COMPLETE') return elapsedMs;
    if (elapsedMs > GIVE_UP_MS) throw new Error(`${url} is still ${String(state)}`);
    await delay(BETWEEN_LOOKS_MS);
  }
}

async function json(url: string, init?: RequestInit): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, init);
  const body = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${body}`);
  return JSON.parse(body) as Record<string, unknown>; // every answer of the API is an object
}

function figuresOf(times: readonly number[]): LatencyFigures {
  return { samples: times.length, p50Ms: percentile(times, 50), p99Ms: percentile(times, 99) };
}

/** Linear congruential generator (Numerical Recipes): numbers from 0 up to 1. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
