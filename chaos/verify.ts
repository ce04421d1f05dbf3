import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run, RunEvent } from '../src/runs/run.ts';
import { isTerminal, sourcesOf } from '../src/runs/state.ts';
import type { ChaosClient } from './client.ts';
import type { KnownRun, Ledger } from './ledger.ts';
import type { ChaosService } from './service.ts';
import { linesOf } from './workload.ts';

/** Holds each run that exists against what its clients know and what its executions left as evidence. */
export async function verifyRuns(
  service: ChaosService,
  ledger: Ledger,
  client: ChaosClient,
): Promise<{ attempts: number }> {
  const marks = await readdir(service.markDirectory);
  let attempts = 0;
  for (const known of ledger.runs) {
    await verifyLabel(ledger, client, known);
    const { runId } = known;
    if (runId === undefined) continue;
    const run = await service.records.runs.getRun(runId);
    if (run === undefined) {
      ledger.violate('an accepted run exists', runId, 'the database does not have it');
      continue;
    }
    attempts += run.attempt;
    const events = await service.records.runs.listEvents(runId);
    const history = events.map(
      ({ at, from, to, actor, reason }) => `${at} ${from} → ${to} by ${actor}: ${reason}`,
    );
    const violate = (rule: string, detail: string) => ledger.violate(rule, runId, detail, history);
    verifyHistory(run, events, violate);
    verifyEnd(known, run, events, violate);
    await verifyExecutions(service, marks, known, run, violate);
    if (isTerminal(run.state)) await verifyRecords(service, client, known, run, events, violate);
  }
  return { attempts };
}

type Violate = (rule: string, detail: string) => void;

/** At most one run for one submission, also for those whose answer was lost. */
async function verifyLabel(ledger: Ledger, client: ChaosClient, known: KnownRun): Promise<void> {
  const runIds = await client.list(known.plan.label);
  if (runIds === undefined) return;
  if (runIds.length > 1) {
    ledger.violate('one run for one idempotency key', runIds[0], `there are ${runIds.join(', ')}`);
  }
  const [runId] = runIds;
  if (known.runId === undefined && runId !== undefined) ledger.accepted(known, runId);
  if (known.runId !== undefined && runIds.length === 0) {
    ledger.violate('an accepted run exists', known.runId, 'no list has it');
  }
}

function verifyHistory(run: Run, events: readonly RunEvent[], violate: Violate): void {
  for (const [index, event] of events.entries()) verifyMove(events[index - 1], event, violate);
  const last = events.at(-1)?.to;
  if (last !== run.state) violate('the history ends in the state', `${last}, ${run.state}`);
  const { createdAt, startedAt = createdAt, endedAt = startedAt } = run;
  if (startedAt < createdAt || endedAt < startedAt) {
    violate('times are monotone', `created ${createdAt}, started ${startedAt}, ended ${endedAt}`);
  }
}

function verifyMove(before: RunEvent | undefined, event: RunEvent, violate: Violate): void {
  const { from, to, at } = event;
  if (from !== before?.to) {
    violate('the history is a chain', `${before?.to} before ${from} → ${to}`);
  }
  // A change of the lease is told in the history too; it leaves the state as it is.
  const isTakeover = from === to && !isTerminal(to);
  if (from !== undefined && !isTakeover && !sourcesOf(to).includes(from)) {
    violate('every move is in the table', `${from} → ${to}`);
  }
  if (before && at < before.at) violate('times are monotone', `${before.at} > ${at}`);
}

function verifyEnd(known: KnownRun, run: Run, events: readonly RunEvent[], violate: Violate): void {
  const { state, runId } = run;
  if (run.leaseOwner !== undefined) violate('no lease is left', `${runId} is ${run.leaseOwner}'s`);
  if (known.end !== undefined && known.end !== state) {
    violate('a terminal state never changes', `clients saw ${known.end}, now it is ${state}`);
  }
  if (!isTerminal(state)) return violate('every accepted run ends', `it is ${state}`);
  const planned = known.plan.exitCode === 0 ? 'COMPLETE' : 'EXECUTOR_ERROR';
  if (state === 'CANCELED') {
    if (!known.isCancelTried) violate('only a cancelled run is CANCELED', 'nobody cancelled it');
  } else if (!known.isHurt && state !== planned) {
    violate('a run ends as its workflow does', `it is ${state}, not ${planned}`);
  }
  verifyCancel(known, run, events, violate);
}

/** A 200 for the cancel of a run that had not ended is a promise. */
function verifyCancel(
  { cancelAcceptedAt: acceptedAt }: KnownRun,
  { state }: Run,
  events: readonly RunEvent[],
  violate: Violate,
): void {
  const endedAt = events.at(-1)?.at ?? 0;
  const isHeard = events.some(({ to }) => to === 'CANCELING' || to === 'CANCELED');
  if (acceptedAt !== undefined && !isHeard && endedAt > acceptedAt) {
    violate('an accepted cancel is carried out', `accepted at ${acceptedAt}, but ${state}`);
  }
}

async function verifyExecutions(
  service: ChaosService,
  marks: readonly string[],
  known: KnownRun,
  run: Run,
  violate: Violate,
): Promise<void> {
  const { label, kind } = known.plan;
  const evidence = (suffix: string) =>
    readFile(join(service.markDirectory, `${label}.${suffix}`), 'utf8').catch(() => '');
  const overlap = await evidence('overlap');
  if (overlap !== '') violate('no run is executed twice at once', overlap.trim());
  const starts =
    kind === 'fake'
      ? marks.filter((mark) => mark.startsWith(`${run.runId}.`))
      : (await evidence('starts')).trim().split('\n').filter(Boolean);
  // Tasks of cwltool work in directories of changing names, one attempt in one of them.
  if (new Set(starts).size !== starts.length || starts.length > run.attempt) {
    violate('no attempt is executed twice', `${starts.length} starts, ${run.attempt} attempts`);
  }
}

async function verifyRecords(
  service: ChaosService,
  client: ChaosClient,
  known: KnownRun,
  run: Run,
  events: readonly RunEvent[],
  violate: Violate,
): Promise<void> {
  const { plan } = known;
  const record = await client.read(`/runs/${run.runId}`);
  if (record === undefined) return violate('an accepted run exists', 'its record is not answered');
  const stored = await storedLogs(client, run.runId, record);
  for (const task of stored.tasks) {
    if (task.end === undefined) violate('tasks of an ended run are ended', JSON.stringify(task));
    else if (task.start > task.end) violate('times are monotone', JSON.stringify(task));
  }
  if (!known.isHurt && ['COMPLETE', 'EXECUTOR_ERROR'].includes(run.state)) {
    const task = stored.tasks[0];
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
  await verifyPrinted(service, known, run, events, stored, violate);
}

/** What the last execution is known to have printed is stored, however the run ended. */
async function verifyPrinted(
  service: ChaosService,
  { plan }: KnownRun,
  run: Run,
  events: readonly RunEvent[],
  stored: StoredLogs,
  violate: Violate,
): Promise<void> {
  if (plan.kind !== 'shell') return;
  const path = join(service.markDirectory, `${plan.label}.lines`);
  const [place = '', ...lines] = (await readFile(path, 'utf8').catch(() => '')).trim().split('\n');
  // Before RUNNING nothing is followed; logs of earlier attempts are forgotten.
  const wasRunning = events.findLast(({ to }) => to === 'RUNNING' || to === 'QUEUED')?.to;
  if (wasRunning !== 'RUNNING' || !place.includes(`/${run.runId}/${run.attempt}/`)) return;
  const printed = linesOf(plan.label, Number(lines.at(-1) ?? 0));
  for (const [name, text] of [
    ['stdout', stored.stdout],
    ['stdout of the task', stored.tasks[0]?.stdout],
  ] as const) {
    if (printed === '' || (text ?? '').startsWith(printed)) continue;
    violate('no byte of a log is lost', `${name}: ${shown(text)} does not have ${shown(printed)}`);
  }
}

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

type Fields = Readonly<Record<string, unknown>>;

async function storedLogs(client: ChaosClient, runId: string, record: Fields): Promise<StoredLogs> {
  const read = async (address: unknown) =>
    typeof address === 'string' ? await client.text(address) : undefined;
  const log = (record.run_log ?? {}) as Fields; // an object, by the standard
  const page = await client.read(`/runs/${runId}/tasks`);
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
