import { sql, type Selectable, type Transaction } from 'kysely';
import type { Task } from '../../runs/run.ts';
import type { LeasedWrite } from '../../runs/run-store.ts';
import { batches } from '../batches.ts';
import { fromJson, toJson } from '../json-text.ts';
import { canBeStored, indexedName } from '../plain-text.ts';
import { inTransaction, type Connection } from '../retry.ts';
import { withoutNulls } from '../rows.ts';
import type { Tables, TasksTable } from '../schema.ts';
import { clockOf } from './change-state.ts';
import { holdLease } from './lease.ts';

type TaskRow = Selectable<TasksTable>;
/** What is told of a task; the rest says when it was. */
type TaskFields = Omit<TaskRow, 'revision' | 'recorded_at'>;

/** Adds and updates tasks under a lease: each is a change of the run with a revision of its own. */
export function saveTasks(
  connection: Connection,
  lease: LeasedWrite,
  tasks: readonly Task[],
): Promise<boolean> {
  // The latest of several reports of a task stands.
  const latest = new Map(tasks.map((task) => [task.taskId, task]));
  const rows = [...latest.values()].map((task) => taskRow(lease.runId, task));
  return inTransaction(connection, async (tx) => {
    if (!(await holdLease(tx, lease, rows.length))) return false;
    let left = rows.length;
    for (const batch of batches(rows)) {
      await replaceTasks(connection, tx, { runId: lease.runId, rows: batch, left });
      left -= batch.length;
    }
    return true;
  });
}

interface TaskBatch {
  readonly runId: string;
  readonly rows: readonly TaskFields[];
  /** How many of the revisions that were taken are left for these rows and those behind them. */
  readonly left: number;
}

/** Whoever writes tasks holds the run's row, so nobody comes between these statements. */
async function replaceTasks(
  connection: Connection,
  tx: Transaction<Tables>,
  batch: TaskBatch,
): Promise<void> {
  const { runId, rows, left } = batch;
  const taskIds = rows.map((row) => row.task_id);
  const saved = await tx
    .selectFrom('task_logs')
    .select(['task_id', 'position'])
    .where('run_id', '=', runId)
    .where('task_id', 'in', taskIds)
    .execute();
  if (rows.length === 1 && saved.length === 1) {
    await updateTask(connection, tx, batch);
    return;
  }
  const state = await stateOfTasks(connection, tx, runId);
  const positions = new Map(saved.map((row) => [row.task_id, row.position]));
  const added = await placed(
    tx,
    runId,
    rows.filter((row) => !positions.has(row.task_id)),
    state.last_position ?? 0,
  );
  for (const row of added) positions.set(row.task_id, row.position);
  const written = rows.map((row, index) => ({
    ...row,
    position: positions.get(row.task_id) ?? row.position,
    revision: state.revision - left + index + 1,
    recorded_at: state.recorded_at,
  }));
  await writeTasks(tx, runId, written, saved.length > 0);
}

/** What is written most often: the end of one task. */
async function updateTask(
  { dialect }: Connection,
  tx: Transaction<Tables>,
  { runId, rows: [row], left }: TaskBatch,
): Promise<void> {
  if (row === undefined) return;
  await tx
    .updateTable('task_logs')
    .set({
      started_at: row.started_at,
      ended_at: row.ended_at,
      exit_code: row.exit_code,
      details: row.details,
      revision: sql`(select revision from workflow_runs where run_id = ${runId}) - ${left - 1}`,
      recorded_at: clockOf(dialect),
    })
    .where('run_id', '=', runId)
    .where('task_id', '=', row.task_id)
    .execute();
}

async function writeTasks(
  tx: Transaction<Tables>,
  runId: string,
  rows: readonly TaskRow[],
  mayBeStored: boolean,
): Promise<void> {
  if (mayBeStored) {
    const taskIds = rows.map((row) => row.task_id);
    await tx
      .deleteFrom('task_logs')
      .where('run_id', '=', runId)
      .where('task_id', 'in', taskIds)
      .execute();
  }
  await tx.insertInto('task_logs').values(rows).execute();
}

/** Of a run whose row is held: its revision, the last position of its tasks, and the time of recording. */
async function stateOfTasks(
  { dialect }: Connection,
  tx: Transaction<Tables>,
  runId: string,
): Promise<TasksState> {
  const { rows } = await sql<TasksState>`
    select revision, ${clockOf(dialect)} as recorded_at,
      (select max(position) from task_logs where run_id = ${runId}) as last_position
    from workflow_runs where run_id = ${runId}`.execute(tx);
  return rows[0] ?? { revision: 0, recorded_at: null, last_position: null };
}

interface TasksState {
  readonly revision: number;
  readonly recorded_at: number | null;
  readonly last_position: number | null;
}

/**
 * New rows at positions that are free. An earlier attempt at the run may have left other tasks at theirs:
 * then they go to the end, so that pages which were given out stay as they are.
 */
async function placed(
  tx: Transaction<Tables>,
  runId: string,
  rows: readonly TaskFields[],
  lastPosition: number,
): Promise<readonly TaskFields[]> {
  const positions = rows.map((row) => row.position);
  if (positions.every((position) => position > lastPosition)) return rows;
  const taken = await tx
    .selectFrom('task_logs')
    .select('position')
    .where('run_id', '=', runId)
    .where('position', 'in', positions)
    .execute();
  if (taken.length === 0) return rows;
  const isTaken = new Set(taken.map((row) => row.position));
  let last = Math.max(...positions, lastPosition);
  return rows.map((row) => (isTaken.has(row.position) ? { ...row, position: (last += 1) } : row));
}

export async function listKnownTasks(
  { db }: Connection,
  runId: string,
  tasks: readonly Task[],
): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (const batch of batches(tasks)) {
    const taskIds = batch.map((task) => task.taskId);
    const rows = await db
      .selectFrom('task_logs')
      .select(['task_id', 'started_at', 'ended_at', 'exit_code'])
      .where('run_id', '=', runId)
      .where('task_id', 'in', taskIds)
      .execute();
    const stored = new Map(rows.map((row) => [row.task_id, row]));
    for (const task of batch) {
      const row = stored.get(task.taskId);
      if (row && tellsAll(row, task)) known.add(task.taskId);
    }
  }
  return known;
}

/** True when the row tells as much of the task, or its end besides. */
function tellsAll(
  row: Pick<TaskRow, 'started_at' | 'ended_at' | 'exit_code'>,
  { startedAt, endedAt, exitCode }: Task,
): boolean {
  if (row.started_at !== (startedAt ?? null)) return false;
  return (
    endedAt === undefined || (row.ended_at === endedAt && row.exit_code === (exitCode ?? null))
  );
}

export async function listTasks(
  { db }: Connection,
  runId: string,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly Task[]> {
  const rows = await db
    .selectFrom('task_logs')
    .selectAll()
    .where('run_id', '=', runId)
    .where('position', '>', page.after)
    .orderBy('position')
    .limit(page.limit)
    .execute();
  return rows.map(taskFromRow);
}

export async function getTask(
  { db }: Connection,
  runId: string,
  taskId: string,
): Promise<Task | undefined> {
  if (!canBeStored(taskId)) return undefined;
  const row = await db
    .selectFrom('task_logs')
    .selectAll()
    .where('run_id', '=', runId)
    .where('task_id', '=', taskId)
    .executeTakeFirst();
  return row && taskFromRow(row);
}

function taskRow(runId: string, task: Task): TaskFields {
  const { name, command, systemLogs } = task;
  return {
    run_id: runId,
    task_id: indexedName('task id', task.taskId),
    position: task.position,
    started_at: task.startedAt ?? null,
    ended_at: task.endedAt ?? null,
    exit_code: task.exitCode ?? null,
    details: toJson({ name, command, systemLogs }),
  };
}

function taskFromRow(row: TaskRow): Task {
  return {
    taskId: row.task_id,
    position: row.position,
    ...fromJson(row.details),
    ...withoutNulls({
      startedAt: row.started_at,
      endedAt: row.ended_at,
      exitCode: row.exit_code,
    }),
  };
}
