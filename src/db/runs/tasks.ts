import type { Selectable, Transaction } from 'kysely';
import type { Task } from '../../runs/run.ts';
import type { LeasedWrite } from '../../runs/run-store.ts';
import { batches } from '../batches.ts';
import { fromJson, toJson } from '../json-text.ts';
import { canBeStored, indexedName } from '../plain-text.ts';
import { inTransaction, type Connection } from '../retry.ts';
import { withoutNulls } from '../rows.ts';
import type { Tables, TasksTable } from '../schema.ts';
import { holdLease } from './lease.ts';

type TaskRow = Selectable<TasksTable>;

/** Adds and updates tasks under a lease. A task keeps the position that it was first saved with. */
export function saveTasks(
  connection: Connection,
  lease: LeasedWrite,
  tasks: readonly Task[],
): Promise<boolean> {
  // The latest of several reports of a task stands.
  const latest = new Map(tasks.map((task) => [task.taskId, task]));
  const rows = [...latest.values()].map((task) => taskRow(lease.runId, task));
  return inTransaction(connection, async (tx) => {
    if (!(await holdLease(tx, lease))) return false;
    for (const batch of batches(rows)) await replaceTasks(tx, lease.runId, batch);
    return true;
  });
}

/** Whoever writes tasks holds the run's row, so nobody comes between these statements. */
async function replaceTasks(
  tx: Transaction<Tables>,
  runId: string,
  rows: readonly TaskRow[],
): Promise<void> {
  const taskIds = rows.map((row) => row.task_id);
  const saved = await tx
    .selectFrom('task_logs')
    .select(['task_id', 'position'])
    .where('run_id', '=', runId)
    .where('task_id', 'in', taskIds)
    .execute();
  const positions = new Map(saved.map((row) => [row.task_id, row.position]));
  if (saved.length > 0) {
    await tx
      .deleteFrom('task_logs')
      .where('run_id', '=', runId)
      .where('task_id', 'in', [...positions.keys()])
      .execute();
  }
  const settled = rows.map((row) => ({
    ...row,
    position: positions.get(row.task_id) ?? row.position,
  }));
  await tx.insertInto('task_logs').values(settled).execute();
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

function taskRow(runId: string, task: Task): TaskRow {
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
