import { sql } from 'kysely';
import type { SchemaChange } from './schema-change.ts';

/**
 * The queue by priority and owner instead of by age alone; pause, lineage and removal of runs.
 * `queued_engine` becomes `queue`, see `queueName`.
 */
export async function orderTheQueue(change: SchemaChange): Promise<void> {
  await addRunColumns(change);
  await carryTheQueueOver(change);
  await createRemovals(change);
}

async function addRunColumns({ addColumn, types }: SchemaChange): Promise<void> {
  await addColumn('workflow_runs', 'queue', types.name);
  await addColumn('workflow_runs', 'priority', 'integer not null default 0');
  await addColumn('workflow_runs', 'pause_requested', 'smallint not null default 0');
  await addColumn('workflow_runs', 'rerun_of', types.id);
  await addColumn('workflow_runs', 'logs_removed_at', 'bigint');
}

async function carryTheQueueOver(change: SchemaChange): Promise<void> {
  const { db, hasColumn, createIndex, dropIndex } = change;
  if (await hasColumn('workflow_runs', 'queued_engine')) {
    await sql`update workflow_runs set queue = case
      when requested_engine_version is null then queued_engine
      else concat(queued_engine, '/', requested_engine_version) end
      where queued_engine is not null`.execute(db);
  }
  await createIndex('runs_by_turn', 'workflow_runs', ['queue', 'priority', 'owner', 'run_id']);
  await createIndex('runs_by_end', 'workflow_runs', ['ended_at', 'run_id']);
  await dropIndex('runs_by_queue', 'workflow_runs');
  if (await hasColumn('workflow_runs', 'queued_engine')) {
    await db.schema.alterTable('workflow_runs').dropColumn('queued_engine').execute();
  }
}

async function createRemovals({ createTable, createIndex, types }: SchemaChange): Promise<void> {
  await createTable('run_removals', (table) =>
    table
      .addColumn('run_id', sql.raw(types.id), (column) => column.primaryKey())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('begun_at', 'bigint')
      .addColumn('finished_at', 'bigint'),
  );
  await createIndex('run_removals_by_time', 'run_removals', ['finished_at', 'due_at']);
  await createTable('claim_locks', (table) =>
    table.addColumn('name', sql.raw(types.hash), (column) => column.primaryKey()),
  );
}
