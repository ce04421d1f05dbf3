/**
 * A whole WES client with nothing but fetch: submits a CWL workflow with its file attached, watches its
 * tasks, prints the outputs. Runs as it stands on Node 24 (or 22.23):
 *
 *   node examples/client/run-workflow.ts [WORKFLOW.cwl] [INPUTS.json]
 *
 * WES_SERVER is the server's address, http://127.0.0.1:8080/ga4gh/wes/v1 by default; WES_USER and
 * WES_PASSWORD, when it asks for them.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const { WES_SERVER, WES_USER, WES_PASSWORD } = process.env;
const server = WES_SERVER ?? 'http://127.0.0.1:8080/ga4gh/wes/v1';
const headers: Record<string, string> =
  WES_USER === undefined
    ? {}
    : {
        authorization: `Basic ${Buffer.from(`${WES_USER}:${WES_PASSWORD ?? ''}`).toString('base64')}`,
      };

/** The parts of WES 1.1's RunLog and TaskLog that are used here. */
interface Run {
  readonly state: string;
  readonly run_log: { readonly stderr?: string };
  readonly outputs: Readonly<Record<string, unknown>>;
}
interface Task {
  readonly id: string;
  readonly name: string;
  readonly start_time?: string;
  readonly exit_code?: number;
  readonly stdout?: string;
}

const ENDED = ['COMPLETE', 'EXECUTOR_ERROR', 'SYSTEM_ERROR', 'CANCELED', 'PREEMPTED'];

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(new URL(path, `${server}/`), { ...init, headers });
  if (response.ok) return response;
  throw new Error(`${response.status} ${await response.text()}`);
}

async function json<Answer>(path: string, init?: RequestInit): Promise<Answer> {
  return (await (await call(path, init)).json()) as Answer; // the standard says what it is
}

async function submit(workflow: string, inputs: string): Promise<string> {
  const form = new FormData();
  form.append('workflow_type', 'CWL');
  form.append('workflow_type_version', 'v1.2');
  form.append('workflow_url', basename(workflow));
  form.append('workflow_params', inputs);
  form.append('tags', JSON.stringify({ client: 'run-workflow.ts' }));
  form.append('workflow_attachment', new Blob([await readFile(workflow)]), basename(workflow));
  const { run_id: runId } = await json<{ run_id: string }>('runs', { method: 'POST', body: form });
  return runId;
}

/** All tasks, page by page: an empty token is the end. */
async function listTasks(runId: string): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  let token = '';
  do {
    const query = new URLSearchParams({ page_size: '100', page_token: token });
    if (token === '') query.delete('page_token');
    const page = await json<{ task_logs: Task[]; next_page_token: string }>(
      `runs/${runId}/tasks?${query.toString()}`,
    );
    tasks.push(...page.task_logs);
    token = page.next_page_token;
  } while (token !== '');
  return tasks;
}

async function watch(runId: string): Promise<string> {
  const seen = new Map<string, string>();
  for (;;) {
    const { state } = await json<{ state: string }>(`runs/${runId}/status`);
    for (const task of await listTasks(runId)) {
      const line = `  ${task.name}: ${task.exit_code === undefined ? 'running' : `exit code ${task.exit_code}`}`;
      if (seen.get(task.id) !== line) console.log(line);
      seen.set(task.id, line);
    }
    if (ENDED.includes(state)) return state;
    await delay(500);
  }
}

async function main(): Promise<void> {
  const example = join(import.meta.dirname, '..', 'cwl', 'hello.cwl');
  const [workflow = example, inputsFile] = process.argv.slice(2);
  const inputs = inputsFile === undefined ? '{"name": "WES"}' : await readFile(inputsFile, 'utf8');

  const runId = await submit(workflow, inputs);
  console.log(`Submitted as ${runId}`);
  const state = await watch(runId);
  console.log(`Ended in ${state}`);

  const run = await json<Run>(`runs/${runId}`);
  if (state !== 'COMPLETE') {
    if (run.run_log.stderr !== undefined)
      console.log(await (await call(run.run_log.stderr)).text());
    process.exitCode = 1;
    return;
  }
  console.log(JSON.stringify(run.outputs, undefined, 2));
  // An output file is fetched from its location, with the same credentials.
  for (const value of Object.values(run.outputs)) {
    const { location } = value as { location?: string }; // CWL: File objects have one
    if (location === undefined) continue;
    console.log(`${location}:\n${await (await call(location)).text()}`);
  }
}

await main();
