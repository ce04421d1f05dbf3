import { sql } from 'kysely';
import type { SchemaChange } from './schema-change.ts';

/** What a run leaves: its tasks and its output files. */
export async function createTasksAndOutputs(change: SchemaChange): Promise<void> {
  const { createTable, createIndex, types } = change;
  await createTable('task_logs', (table) =>
    table
      .addColumn('run_id', sql.raw(types.id), (column) => column.notNull())
      .addColumn('task_id', sql.raw(types.name), (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('started_at', 'bigint')
      .addColumn('ended_at', 'bigint')
      .addColumn('exit_code', 'integer')
      .addColumn('details', sql.raw(types.text), (column) => column.notNull())
      .addPrimaryKeyConstraint('task_logs_key', ['run_id', 'task_id'])
      .addUniqueConstraint('task_logs_position', ['run_id', 'position']),
  );

  await createTable('run_outputs', (table) =>
    table
      .addColumn('run_id', sql.raw(types.id), (column) => column.notNull())
      .addColumn('path_hash', sql.raw(types.hash), (column) => column.notNull())
      .addColumn('path', sql.raw(types.path), (column) => column.notNull())
      .addColumn('size_bytes', 'bigint', (column) => column.notNull())
      .addColumn('sha256', sql.raw(types.hash), (column) => column.notNull())
      .addColumn('media_type', sql.raw(types.name), (column) => column.notNull())
      .addPrimaryKeyConstraint('run_outputs_key', ['run_id', 'path_hash']),
  );
  await createIndex('run_outputs_by_path', 'run_outputs', ['run_id', types.pathInIndex]);
}
