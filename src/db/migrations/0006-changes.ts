import type { SchemaChange } from './schema-change.ts';

/**
 * What happened to runs can be read in order, of one run by `revision`, of all of them by the time at which
 * it was recorded. Nothing is filled in: what there is already stays without a number or a time, so that
 * no row of a large table is written, and the indexes leave it out where the database can.
 */
export async function recordChanges({ addColumn, createIndex }: SchemaChange): Promise<void> {
  await addColumn('run_events', 'recorded_at', 'bigint');
  await addColumn('task_logs', 'revision', 'integer not null default 0');
  await addColumn('task_logs', 'recorded_at', 'bigint');
  await createIndex(
    'run_events_by_record',
    'run_events',
    ['recorded_at', 'run_id', 'revision'],
    'recorded_at is not null',
  );
  await createIndex('task_logs_by_revision', 'task_logs', ['run_id', 'revision'], 'revision > 0');
}
