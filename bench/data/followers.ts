import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startChild, type Child } from '../child.ts';
import { freePort } from '../free-port.ts';
import { memoryOf } from '../memory.ts';
import { ENGINES } from './deployment.ts';
import type { Delays } from './follower-clients.ts';

export interface FollowerFigures extends Delays {
  readonly followers: number;
  /** Shares of one core. */
  readonly apiCores: number;
  readonly daemonCores: number;
  readonly apiMebibytes: number;
  readonly daemonMebibytes: number;
}

const LINE_MS = 10;
const CLIENTS = fileURLToPath(new URL('./follower-clients.ts', import.meta.url));
const START_MS = 60_000;
const MICROSECONDS = 1_000_000;

const run = promisify(execFile);

/**
 * A task writes a line each 10 ms, and so many clients follow its log at once, all in a process of theirs. One API
 * and one daemon at their defaults, on SQLite and local files.
 */
export async function measureFollowers(
  counts: readonly number[],
  seconds: number,
): Promise<readonly FollowerFigures[]> {
  const directory = await mkdtemp(join(tmpdir(), 'wes-bench-followers-'));
  const port = await freePort();
  const environment = {
    ...{ DATA_DIR: directory, API_PORT: String(port), LOG_LEVEL: 'warn', CONTAINERS: 'none' },
    ENGINE_INSTALL_DIR: ENGINES,
  };
  const start = (command: string): Child =>
    startChild('bin/wes.cjs', [command], environment, join(directory, `${command}.log`));
  await start('migrate').ended;
  const [api, daemon] = [start('serve'), start('daemon')];
  try {
    await api.waitFor(`http://127.0.0.1:${port}/readyz`);
    const figures: FollowerFigures[] = [];
    for (const followers of counts) {
      const base = `http://127.0.0.1:${port}/ga4gh/wes/v1`;
      figures.push(await measureOne({ base, api, daemon, directory }, followers, seconds));
    }
    return figures;
  } finally {
    await api.stop();
    await daemon.stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Service {
  readonly base: string;
  readonly api: Child;
  readonly daemon: Child;
  readonly directory: string;
}

async function measureOne(
  { base, api, daemon, directory }: Service,
  followers: number,
  seconds: number,
): Promise<FollowerFigures> {
  const log = await begin(base, directory, seconds);
  const startedAt = performance.now();
  const [apiBefore, daemonBefore] = [timeOf(api), timeOf(daemon)];
  const { stdout } = await run(process.execPath, [CLIENTS, log, String(followers)]);
  const passed = (performance.now() - startedAt) / 1000;
  return {
    followers,
    ...(JSON.parse(stdout) as Delays), // as that program writes them
    apiCores: (timeOf(api) - apiBefore) / passed,
    daemonCores: (timeOf(daemon) - daemonBefore) / passed,
    apiMebibytes: memoryOf(api.processId())?.nowMebibytes ?? Number.NaN,
    daemonMebibytes: memoryOf(daemon.processId())?.nowMebibytes ?? Number.NaN,
  };
}

function timeOf(child: Child): number {
  return (child.processorTime() ?? Number.NaN) / MICROSECONDS;
}

/** Gives the address of the log of a task that has begun. */
async function begin(base: string, directory: string, seconds: number): Promise<string> {
  const lines = (seconds * 1000) / LINE_MS;
  const script = join(directory, 'writer.mjs');
  await writeFile(
    script,
    `let left = ${lines}; const timer = setInterval(() => { process.stdout.write(Date.now() + '\\n'); if (--left === 0) clearInterval(timer); }, ${LINE_MS});`,
  );
  const tool = {
    ...{ cwlVersion: 'v1.2', class: 'CommandLineTool', inputs: {}, outputs: {} },
    baseCommand: [process.execPath, script],
  };
  const body = new FormData();
  body.set('workflow_type', 'CWL');
  body.set('workflow_type_version', 'v1.2');
  body.set('workflow_url', 'main.cwl');
  body.set('workflow_attachment', new Blob([JSON.stringify(tool)]), 'main.cwl');
  const deadline = performance.now() + START_MS;
  const { run_id: runId } = await json(`${base}/runs`, { method: 'POST', body });
  while (performance.now() < deadline) {
    const { task_logs: tasks } = await json(`${base}/runs/${String(runId)}/tasks`);
    const [task] = tasks as readonly { readonly stdout?: string }[]; // of the standard
    if (task?.stdout !== undefined) return task.stdout;
    await delay(LINE_MS);
  }
  throw new Error('the task did not begin');
}

async function json(url: string, init?: RequestInit): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>; // an object, by the standard
}
