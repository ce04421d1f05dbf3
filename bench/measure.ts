import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../src/db/open.ts';
import { startChild } from './child.ts';
import { startDatabase } from './databases.ts';
import type { DatabaseServer } from './databases.ts';
import { freePort } from './free-port.ts';
import { measureLoad } from './load.ts';
import type { LoadFigures } from './load.ts';
import type { BenchOptions, DatabaseName } from './options.ts';
import { seedRuns } from './seed.ts';
import { startService } from './service.ts';
import type { ServicePlaces } from './service.ts';
import { measureOneByOne, measureSpread, SUBMISSION } from './start-latency.ts';
import type { LatencyFigures } from './start-latency.ts';

export interface DatabaseFigures {
  readonly database: DatabaseName;
  readonly atRuns: readonly {
    readonly storedRuns: number;
    readonly status: LoadFigures;
    readonly list: LoadFigures;
  }[];
  /** With the most runs stored. */
  readonly submit: LoadFigures;
  /** `wes up`: the API wakes the daemon. */
  readonly wake: LatencyFigures;
  /** `wes serve` and `wes daemon`: the daemon finds the run when it polls next. */
  readonly poll: LatencyFigures;
}

const STORED_RUNS = [1_000, 100_000];
const LIST_PAGE = 50;

export async function measureDatabase(
  database: DatabaseName,
  directory: string,
  options: BenchOptions,
  say: (text: string) => void,
): Promise<DatabaseFigures> {
  const server = await startDatabase(database, directory);
  try {
    const loads = await measureLoads(await place(server, directory, 'loads'), options, say);
    say('submission to RUNNING, with wes up');
    const wake = await measureWake(await place(server, directory, 'wake'), options);
    say('submission to RUNNING, with wes serve and wes daemon');
    const poll = await measurePoll(await place(server, directory, 'poll'), options);
    return { database, ...loads, wake, poll };
  } finally {
    await server.stop();
  }
}

/** How fast Node alone answers here: machines differ, ratios to this less so. */
export async function measureRaw(directory: string, seconds: number): Promise<LoadFigures> {
  const port = await freePort();
  const log = join(directory, 'raw-server.log');
  const child = startChild('bench/raw-server.ts', [], { PORT: String(port) }, log);
  try {
    const url = `http://127.0.0.1:${port}/`;
    await child.waitFor(url);
    return await measureLoad({ server: child, url, seconds });
  } finally {
    await child.stop();
  }
}

async function measureLoads(
  places: ServicePlaces,
  { loadSeconds: seconds }: BenchOptions,
  say: (text: string) => void,
): Promise<Pick<DatabaseFigures, 'atRuns' | 'submit'>> {
  const service = await startService(places, 'serve');
  try {
    const atRuns = [];
    let stored = 0;
    for (const storedRuns of STORED_RUNS) {
      say(`status and list at ${storedRuns} runs`);
      const runIds = await seedRuns(places.databaseUrl, storedRuns - stored);
      stored = storedRuns;
      const status = await measureLoad({
        server: service.server,
        url: service.api,
        seconds,
        requests: runIds.map((runId) => ({
          method: 'GET',
          path: `${new URL(service.api).pathname}/runs/${runId}/status`,
        })),
      });
      const list = await measureLoad({
        server: service.server,
        url: `${service.api}/runs?page_size=${LIST_PAGE}`,
        seconds,
      });
      atRuns.push({ storedRuns, status, list });
    }
    say('submissions');
    const submit = await measureLoad({
      server: service.server,
      url: service.api,
      seconds,
      requests: [submission(service)],
    });
    return { atRuns, submit };
  } finally {
    await service.stop();
  }
}

function submission({ api }: { readonly api: string }) {
  return {
    method: 'POST' as const,
    path: `${new URL(api).pathname}/runs`,
    headers: { 'content-type': 'application/json' },
    body: SUBMISSION,
  };
}

async function measureWake(
  places: ServicePlaces,
  { wakeSamples }: BenchOptions,
): Promise<LatencyFigures> {
  const service = await startService(places, 'up');
  try {
    return await measureOneByOne(service.api, wakeSamples);
  } finally {
    await service.stop();
  }
}

async function measurePoll(
  places: ServicePlaces,
  { pollSamples, pollSpreadSeconds }: BenchOptions,
): Promise<LatencyFigures> {
  const service = await startService(places, 'serve and daemon');
  try {
    return await measureSpread(service.api, pollSamples, pollSpreadSeconds);
  } finally {
    await service.stop();
  }
}

/** A migrated database and a directory for one service. */
async function place(
  server: DatabaseServer,
  directory: string,
  name: string,
): Promise<ServicePlaces> {
  const databaseUrl = await server.create(`bench_${name}`);
  const database = await openDatabase(databaseUrl);
  try {
    await database.migrate();
  } finally {
    await database.close();
  }
  const own = join(directory, name);
  await mkdir(own, { recursive: true });
  return { directory: own, databaseUrl };
}
