import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild } from '../child.ts';
import { freePort } from '../free-port.ts';
import type { Contender } from './measure.ts';
import { treeSeconds } from './processor-time.ts';

/** Between looks at a run: short at first, then longer, as clients do. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;
const GROWTH = 1.1;

export interface ServedContender extends Contender {
  stop(): Promise<void>;
}

/** `wes up` at its defaults, asked over HTTP: one POST for each run, then its status until it ended. */
export async function service(
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<ServedContender> {
  const port = await freePort();
  const child = startChild(
    'src/cli/main.ts',
    ['up'],
    { DATA_DIR: directory, API_PORT: String(port), CONTAINERS: 'none', ...environment },
    join(directory, 'up.log'),
  );
  await child.waitFor(`http://127.0.0.1:${port}/readyz`);
  const api = `http://127.0.0.1:${port}/ga4gh/wes/v1`;
  return {
    execute: async ({ path }) => {
      const runId = await submit(api, await readFile(path));
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * GROWTH)) {
        const { state } = await json(`${api}/runs/${runId}/status`);
        if (state === 'COMPLETE') return;
        if (/ERROR|CANCEL|PREEMPTED/.test(String(state)))
          throw new Error(`${runId} is ${String(state)}`);
        await delay(pauseMs);
      }
    },
    processorSeconds: () => treeSeconds(child.processId()),
    stop: () => child.stop(),
  };
}

async function submit(api: string, workflow: Buffer<ArrayBuffer>): Promise<string> {
  const body = new FormData();
  body.set('workflow_type', 'CWL');
  body.set('workflow_type_version', 'v1.2');
  body.set('workflow_url', 'main.cwl');
  body.set('workflow_attachment', new Blob([workflow]), 'main.cwl');
  const { run_id: runId } = await json(`${api}/runs`, { method: 'POST', body });
  return String(runId);
}

async function json(url: string, init?: RequestInit): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>; // every answer of the API is an object
}
