import type { Kysely } from 'kysely';
import type { RunChange, RunCursor } from '../../runs/change-reader.ts';
import { canBeStored } from '../plain-text.ts';
import { fromJson } from '../json-text.ts';
import { retried, type Connection } from '../retry.ts';
import { withoutNulls } from '../rows.ts';
import type { Tables } from '../schema.ts';
import { eventFromRow } from './get.ts';

/** Runs that are asked about in one statement. */
const RUNS_AT_ONCE = 50;

/**
 * Of each run a range of an index, cut off at the limit before the ranges are put together: of a run with
 * very many tasks only those that changed are read.
 */
export async function listChanges(
  connection: Connection,
  cursors: readonly RunCursor[],
  limit: number,
): Promise<ReadonlyMap<string, readonly RunChange[]>> {
  const found = new Map<string, readonly RunChange[]>();
  const known = cursors.filter(({ runId }) => canBeStored(runId));
  for (let start = 0; start < known.length; start += RUNS_AT_ONCE) {
    const group = known.slice(start, start + RUNS_AT_ONCE);
    const [lines, tasks] = [
      await listLines(connection, group, limit),
      await listTasks(connection, group, limit),
    ];
    for (const { runId } of group) {
      const changes = merged([lines.get(runId) ?? [], tasks.get(runId) ?? []], limit);
      if (changes.length > 0) found.set(runId, changes);
    }
  }
  return found;
}

/** What comes behind the last of a list that was cut off is not all that there is up to there. */
function merged(lists: readonly (readonly RunChange[])[], limit: number): readonly RunChange[] {
  const ends = lists.map((list) => (list.length < limit ? Infinity : (list.at(-1)?.revision ?? 0)));
  const end = Math.min(...ends);
  return lists
    .flat()
    .filter(({ revision }) => revision <= end)
    .sort((one, other) => one.revision - other.revision)
    .slice(0, limit);
}

async function listLines(
  { db, dialect }: Connection,
  cursors: readonly RunCursor[],
  limit: number,
): Promise<ReadonlyMap<string, readonly RunChange[]>> {
  const query = together(cursors.map((cursor) => linesOf(db, cursor, limit)));
  const rows = await retried(dialect, () => query.execute());
  return byRun(rows, (row) => ({
    type: 'state',
    revision: row.revision,
    event: eventFromRow(row),
  }));
}

function linesOf(db: Kysely<Tables>, { runId, after }: RunCursor, limit: number) {
  const lines = db
    .selectFrom('run_events')
    .select(['run_id', 'revision', 'at', 'from_state', 'to_state', 'actor', 'reason'])
    .where('run_id', '=', runId)
    .where('revision', '>', after)
    .orderBy('revision')
    .limit(limit);
  return db.selectFrom(lines.as('part')).selectAll();
}

async function listTasks(
  { db, dialect }: Connection,
  cursors: readonly RunCursor[],
  limit: number,
): Promise<ReadonlyMap<string, readonly RunChange[]>> {
  const query = together(cursors.map((cursor) => tasksOf(db, cursor, limit)));
  const rows = await retried(dialect, () => query.execute());
  return byRun(rows, (row) => ({
    type: 'task',
    revision: row.revision,
    task: {
      taskId: row.task_id,
      name: fromJson(row.details).name,
      ...withoutNulls({
        startedAt: row.started_at,
        endedAt: row.ended_at,
        exitCode: row.exit_code,
      }),
    },
  }));
}

function tasksOf(db: Kysely<Tables>, { runId, after }: RunCursor, limit: number) {
  const tasks = db
    .selectFrom('task_logs')
    .select(['run_id', 'revision', 'task_id', 'started_at', 'ended_at', 'exit_code', 'details'])
    .where('run_id', '=', runId)
    // Said in the words of the index: one that leaves rows out is used where the query leaves them out.
    .where('revision', '>', (eb) => eb.lit(0))
    .where('revision', '>', after)
    .orderBy('revision')
    .limit(limit);
  return db.selectFrom(tasks.as('part')).selectAll();
}

function together<Query extends { unionAll(other: Query): Query }>(parts: readonly Query[]): Query {
  return parts.reduce((union, part) => union.unionAll(part));
}

function byRun<Row extends { readonly run_id: string }>(
  rows: readonly Row[],
  change: (row: Row) => RunChange,
): ReadonlyMap<string, readonly RunChange[]> {
  const found = new Map<string, RunChange[]>();
  for (const row of rows) {
    const list = found.get(row.run_id) ?? [];
    list.push(change(row));
    found.set(row.run_id, list);
  }
  // Parts that were put together have no order that is promised.
  for (const list of found.values()) list.sort((one, other) => one.revision - other.revision);
  return found;
}
