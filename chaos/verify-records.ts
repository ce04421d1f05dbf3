import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run, RunEvent } from '../src/runs/run.ts';
import { outputKey } from '../src/runs/storage-keys.ts';
import type { Fields } from './api-client.ts';
import type { ClientContext } from './client-context.ts';
import type { KnownRun } from './ledger.ts';
import type { ChaosService } from './service.ts';
import type { Violate } from './verify-history.ts';
import { linesOf, RESULT } from './workload.ts';

interface StoredTask {
  readonly start: string;
  readonly end: string | undefined;
  readonly exitCode: unknown;
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
}

interface StoredLogs {
  readonly stdout: string | undefined;
  readonly tasks: readonly StoredTask[];
}

/** Tasks, logs and outputs of a run that ended, as clients get them. */
export async function checkRecords(
  service: ChaosService,
  context: ClientContext,
  known: KnownRun,
  run: Run,
  events: readonly RunEvent[],
  violate: Violate,
): Promise<void> {
  const record = await context.api.read(`/runs/${run.runId}`);
  if (record === undefined) return violate('an accepted run exists', 'its record is not answered');
  const stored = await storedLogs(context, run.runId, record);
  for (const task of stored.tasks) {
    if (task.end === undefined) violate('tasks of an ended run are ended', JSON.stringify(task));
    else if (task.start > task.end) violate('times are monotone', JSON.stringify(task));
  }
  const isWhole = !known.isHurt && !known.plan.isOverTime;
  if (isWhole && ['COMPLETE', 'EXECUTOR_ERROR'].includes(run.state)) {
    checkWhole(known, stored, violate);
  }
  if (run.state === 'COMPLETE') await checkOutput(service, known, run, violate);
  await checkPrinted(service, known, run, events, stored, violate);
}

/** Nobody disturbed the engine, so all is known in advance. */
function checkWhole({ plan }: KnownRun, stored: StoredLogs, violate: Violate): void {
  const [task] = stored.tasks;
  if (stored.tasks.length !== 1) violate('no task is lost', `${stored.tasks.length} tasks`);
  else if (task?.exitCode !== plan.exitCode) violate('no task is lost', JSON.stringify(task));
  const pairs = [
    ['stdout', plan.expected.stdout, stored.stdout],
    ['stdout of the task', plan.expected.taskStdout, task?.stdout],
    ['stderr of the task', plan.expected.taskStderr, task?.stderr],
  ] as const;
  for (const [name, expected, found] of pairs) {
    if (expected === undefined || expected === found) continue;
    violate('no byte of a log is lost', `${name}: ${shown(found)} instead of ${shown(expected)}`);
  }
}

async function checkOutput(
  { records, places }: ChaosService,
  { plan, isShortOfDisk }: KnownRun,
  run: Run,
  violate: Violate,
): Promise<void> {
  const expected = plan.expected.result;
  if (expected === undefined || isShortOfDisk) return;
  const file = join(places.objects, outputKey(run, RESULT));
  const content = await readFile(file, 'utf8').catch(() => undefined);
  const output = await records.runs.getOutput(run.runId, RESULT);
  if (content === expected && output?.sizeBytes === Buffer.byteLength(expected)) return;
  const detail = `${shown(content)}, told as ${output?.sizeBytes}, instead of ${shown(expected)}`;
  violate('no byte of an output is lost', detail);
}

/** What the last execution is known to have printed is stored, however the run ended. */
async function checkPrinted(
  service: ChaosService,
  { plan, isShortOfDisk }: KnownRun,
  run: Run,
  events: readonly RunEvent[],
  stored: StoredLogs,
  violate: Violate,
): Promise<void> {
  if (plan.kind !== 'shell') return;
  const path = join(service.places.marks, `${run.runId}.lines`);
  const [place = '', ...lines] = (await readFile(path, 'utf8').catch(() => '')).trim().split('\n');
  // Before RUNNING nothing is followed; logs of earlier attempts are forgotten.
  const wasRunning = events.findLast(({ to }) => to === 'RUNNING' || to === 'QUEUED')?.to;
  if (wasRunning !== 'RUNNING' || !place.includes(`/${run.runId}/${run.attempt}/`)) return;
  const printed = linesOf(plan.label, Number(lines.at(-1) ?? 0));
  // Where the event of the task found no room, the service does not know of it.
  const ofTask = isShortOfDisk ? [] : [['stdout of the task', stored.tasks[0]?.stdout] as const];
  for (const [name, text] of [['stdout', stored.stdout] as const, ...ofTask]) {
    if (printed === '' || (text ?? '').startsWith(printed)) continue;
    violate('no byte of a log is lost', `${name}: ${shown(text)} does not have ${shown(printed)}`);
  }
}

async function storedLogs(
  { api }: ClientContext,
  runId: string,
  record: Fields,
): Promise<StoredLogs> {
  const read = async (address: unknown) =>
    typeof address === 'string' ? await api.text(address) : undefined;
  const log = (record.run_log ?? {}) as Fields; // an object, by the standard
  const page = await api.read(`/runs/${runId}/tasks`);
  const tasks: StoredTask[] = [];
  for (const task of Array.isArray(page?.task_logs) ? (page.task_logs as readonly Fields[]) : []) {
    tasks.push({
      start: String(task.start_time),
      end: typeof task.end_time === 'string' ? task.end_time : undefined,
      exitCode: task.exit_code,
      stdout: await read(task.stdout),
      stderr: await read(task.stderr),
    });
  }
  return { stdout: await read(log.stdout), tasks };
}

function shown(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return `${text.length} bytes ending in ${JSON.stringify(text.slice(-40))}`;
}
