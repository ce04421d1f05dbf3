import { sql, type ExpressionBuilder, type Selectable } from 'kysely';
import type { RecordedLine, RecordedPage, RunHead, RunTraits } from '../../runs/change-reader.ts';
import { fromJson } from '../json-text.ts';
import { canBeStored } from '../plain-text.ts';
import { retried, type Connection } from '../retry.ts';
import type { RunsTable, Tables } from '../schema.ts';
import { clockOf } from './change-state.ts';

const IDS_AT_ONCE = 500;
const HEAD_COLUMNS = ['run_id', 'revision', 'state'] as const;

export function listHeads(
  { db, dialect }: Connection,
  runIds: readonly string[],
): Promise<readonly RunHead[]> {
  return inGroups(runIds, async (group) => {
    const query = db.selectFrom('workflow_runs').select(HEAD_COLUMNS).where('run_id', 'in', group);
    return (await retried(dialect, () => query.execute())).map(headFromRow);
  });
}

export async function listLeasedHeads({ db, dialect }: Connection): Promise<readonly RunHead[]> {
  const query = db
    .selectFrom('workflow_runs')
    .select(HEAD_COLUMNS)
    // Of `is not null` SQLite makes no range of an index.
    .where('lease_owner', '>', '');
  return (await retried(dialect, () => query.execute())).map(headFromRow);
}

function headFromRow(row: Pick<Selectable<RunsTable>, (typeof HEAD_COLUMNS)[number]>): RunHead {
  return { runId: row.run_id, revision: row.revision, state: row.state };
}

export async function recordingTime({ db, dialect }: Connection): Promise<number> {
  const query = sql<{ now: number }>`select ${clockOf(dialect)} as now`;
  const { rows } = await retried(dialect, () => query.execute(db));
  return rows[0]?.now ?? 0;
}

export async function listRecorded(
  { db, dialect }: Connection,
  { from, after, limit }: RecordedPage,
): Promise<readonly RecordedLine[]> {
  const query = db
    .selectFrom('run_events')
    .select(['recorded_at', 'run_id', 'revision'])
    .where('recorded_at', '>=', Math.max(from, after?.recordedAt ?? from))
    .$if(after !== undefined, (q) => q.where((eb) => isBehind(eb, after)))
    .orderBy('recorded_at')
    .orderBy('run_id')
    .orderBy('revision')
    .limit(limit)
    .$narrowType<{ recorded_at: number }>();
  const rows = await retried(dialect, () => query.execute());
  return rows.map((row) => ({
    recordedAt: row.recorded_at,
    runId: row.run_id,
    revision: row.revision,
  }));
}

function isBehind(
  { eb, and, or }: ExpressionBuilder<Tables, 'run_events'>,
  { recordedAt, runId, revision }: RecordedLine = { recordedAt: 0, runId: '', revision: 0 },
) {
  return or([
    eb('recorded_at', '>', recordedAt),
    and([
      eb('recorded_at', '=', recordedAt),
      or([
        eb('run_id', '>', runId),
        and([eb('run_id', '=', runId), eb('revision', '>', revision)]),
      ]),
    ]),
  ]);
}

export async function listHeadsBefore(
  connection: Connection,
  runIds: readonly string[],
  recordedBefore: number,
): Promise<ReadonlyMap<string, number>> {
  const heads = new Map<string, number>();
  for (const table of ['run_events', 'task_logs'] as const) {
    const rows = await inGroups(runIds, (group) =>
      latestBefore(connection, table, group, recordedBefore),
    );
    for (const { run_id: runId, revision } of rows) {
      heads.set(runId, Math.max(revision, heads.get(runId) ?? 0));
    }
  }
  return heads;
}

async function latestBefore(
  { db, dialect }: Connection,
  table: 'run_events' | 'task_logs',
  runIds: readonly string[],
  recordedBefore: number,
) {
  const query = db
    .selectFrom(table)
    .select((eb) => ['run_id', eb.fn.max<number>('revision').as('revision')])
    .where('run_id', 'in', runIds)
    .where(({ eb, or }) =>
      or([eb('recorded_at', 'is', null), eb('recorded_at', '<', recordedBefore)]),
    )
    .groupBy('run_id');
  return retried(dialect, () => query.execute());
}

export function listTraits(
  { db, dialect }: Connection,
  runIds: readonly string[],
): Promise<readonly RunTraits[]> {
  return inGroups(runIds, async (group) => {
    const query = db
      .selectFrom('workflow_runs')
      .select(['run_id', 'owner', 'workflow_type', 'tags'])
      .where('run_id', 'in', group);
    const rows = await retried(dialect, () => query.execute());
    return rows.map((row) => ({
      runId: row.run_id,
      owner: row.owner,
      workflowType: row.workflow_type,
      tags: fromJson(row.tags),
    }));
  });
}

async function inGroups<T>(
  runIds: readonly string[],
  ask: (group: readonly string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const known = runIds.filter(canBeStored);
  const found: T[] = [];
  for (let start = 0; start < known.length; start += IDS_AT_ONCE) {
    found.push(...(await ask(known.slice(start, start + IDS_AT_ONCE))));
  }
  return found;
}
