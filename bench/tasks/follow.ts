import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuid } from 'uuid';
import type { Database } from '../../src/db/open.ts';
import { isTerminal } from '../../src/runs/state.ts';
import { startChild, type Child } from '../child.ts';
import type { ServicePlaces } from '../service.ts';
import type { DaemonPlaces } from './daemon.ts';
import { memoryOf, type MemoryFigures } from '../memory.ts';

/** How a run with many tasks comes into the database. */
export interface FollowFigures {
  readonly tasks: number;
  /** From all events told until the last task is stored with its end. */
  readonly storedSeconds: number;
  /** From the start of the next daemon, the first one killed then, until the run is COMPLETE. */
  readonly takenOverSeconds: number;
  /** Processor time of each daemon for it, in µs for one task; hardly depends on what else the machine does. */
  readonly storedMicroseconds: number;
  readonly takenOverMicroseconds: number;
  /** Of the first daemon before the run, and when the last task was stored. */
  readonly before: MemoryFigures | undefined;
  readonly following: MemoryFigures | undefined;
  /** Of the daemon that took over, when the run was COMPLETE. */
  readonly takenOver: MemoryFigures | undefined;
}

const LOOK_MS = 20;
const LIMIT_MS = 900_000;

/** Executes a run with so many tasks; then its daemon is killed and another takes over. */
export async function followRun(
  database: Database,
  places: ServicePlaces,
  tasks: number,
): Promise<FollowFigures & { readonly runId: string }> {
  const end = join(places.directory, `end-${tasks}`);
  const first = startDaemon(places);
  let second: Child | undefined;
  try {
    await ready(database, first);
    const before = memoryOf(first.processId());
    const idleTime = first.processorTime() ?? Number.NaN;
    const runId = await submit(database, { tasks, end });
    const storedAt = await lastTaskStored(database, runId, tasks);
    const following = memoryOf(first.processId());
    const storedMicroseconds = ((first.processorTime() ?? Number.NaN) - idleTime) / tasks;
    const toldAt = (await database.runs.getTask(runId, '1'))?.startedAt ?? Number.NaN;
    process.kill(first.processId(), 'SIGKILL');

    await writeFile(end, '');
    const startedAt = performance.now();
    second = startDaemon(places);
    await completed(database, runId);
    const takenOverSeconds = (performance.now() - startedAt) / 1000;
    const takenOver = memoryOf(second.processId());
    const storedSeconds = (storedAt - toldAt) / 1000;
    const takenOverMicroseconds = ((second.processorTime() ?? Number.NaN) - idleTime) / tasks;
    const times = { storedSeconds, takenOverSeconds, storedMicroseconds, takenOverMicroseconds };
    return { runId, tasks, ...times, before, following, takenOver };
  } finally {
    await first.stop();
    await second?.stop();
  }
}

function startDaemon({ directory, databaseUrl }: ServicePlaces): Child {
  const storageRoot = join(directory, 'storage');
  const places: DaemonPlaces = { databaseUrl, storageRoot, workRoot: join(directory, 'work') };
  const log = join(directory, 'daemon.log');
  return startChild('bench/tasks/daemon.ts', [JSON.stringify(places)], {}, log);
}

async function submit(
  { runs }: Database,
  workflowParams: { readonly tasks: number; readonly end: string },
): Promise<string> {
  const runId = uuid();
  await runs.createRun({
    runId,
    owner: 'anonymous',
    request: {
      workflowType: 'MANY',
      workflowTypeVersion: '1.0',
      workflowUrl: 'https://example.org/workflow',
      workflowParams,
    },
    attachments: [],
    engine: 'many-tasks',
    createdAt: Date.now(),
    priority: 0,
  });
  return runId;
}

async function ready({ daemons }: Database, child: Child): Promise<void> {
  await comesTrue('the daemon did not start', async () =>
    (await daemons.list()).some(({ processId }) => processId === child.processId()),
  );
}

/** Milliseconds since the epoch. */
async function lastTaskStored({ runs }: Database, runId: string, tasks: number): Promise<number> {
  await comesTrue('the tasks were not stored', async () => {
    const last = await runs.getTask(runId, String(tasks));
    return last?.endedAt !== undefined;
  });
  return Date.now();
}

async function completed({ runs }: Database, runId: string): Promise<void> {
  await comesTrue('the run did not end', async () => {
    const state = (await runs.getRunState(runId))?.state;
    return state !== undefined && isTerminal(state);
  });
  const state = (await runs.getRunState(runId))?.state;
  if (state === 'COMPLETE') return;
  const reason = (await runs.listEvents(runId)).at(-1)?.reason;
  throw new Error(`the run is ${state}: ${reason}`);
}

async function comesTrue(otherwise: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(otherwise);
    await delay(LOOK_MS);
  }
}
