import { sql } from 'kysely';
import type { SchemaChange } from './schema-change.ts';

/** Runs with their tags, history and attachments. Large columns last: lists stop reading before them. */
export async function createRuns(change: SchemaChange): Promise<void> {
  await createRunsTable(change);
  await createRunIndexes(change);
  await createTags(change);
  await createEvents(change);
  await createAttachments(change);
}

async function createRunsTable({ createTable, types }: SchemaChange): Promise<void> {
  await createTable('workflow_runs', (table) =>
    table
      .addColumn('run_id', sql.raw(types.id), (column) => column.primaryKey())
      .addColumn('owner', sql.raw(types.name), (column) => column.notNull())
      .addColumn('state', sql.raw('varchar(16)'), (column) => column.notNull())
      .addColumn('previous_state', sql.raw('varchar(16)'))
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('started_at', 'bigint')
      .addColumn('ended_at', 'bigint')
      .addColumn('attempt', 'integer', (column) => column.notNull())
      .addColumn('engine', sql.raw(types.name), (column) => column.notNull())
      .addColumn('queued_engine', sql.raw(types.name))
      .addColumn('workflow_type', sql.raw(types.name), (column) => column.notNull())
      .addColumn('requested_engine_version', sql.raw(types.name))
      .addColumn('executor', sql.raw(types.name))
      .addColumn('lease_owner', sql.raw(types.id))
      .addColumn('exit_code', 'integer')
      .addColumn('idempotency_hash', sql.raw(types.hash))
      .addColumn('request_digest', sql.raw(types.name))
      .addColumn('engine_version', sql.raw(types.text))
      .addColumn('job_id', sql.raw(types.text))
      .addColumn('tags', sql.raw(types.text), (column) => column.notNull())
      .addColumn('command', sql.raw(types.text))
      .addColumn('request', sql.raw(types.text), (column) => column.notNull())
      .addColumn('outputs', sql.raw(types.text))
      .addUniqueConstraint('runs_idempotency', ['owner', 'idempotency_hash']),
  );
}

/** Every filter of a list with the run id behind it, by which lists are ordered and paged. */
async function createRunIndexes({ createIndex }: SchemaChange): Promise<void> {
  await createIndex('runs_by_state', 'workflow_runs', ['state', 'run_id']);
  await createIndex('runs_by_owner', 'workflow_runs', ['owner', 'run_id']);
  await createIndex('runs_by_owner_state', 'workflow_runs', ['owner', 'state', 'run_id']);
  await createIndex('runs_by_type', 'workflow_runs', ['workflow_type', 'run_id']);
  await createIndex('runs_by_creation', 'workflow_runs', ['created_at', 'run_id']);
  await createIndex('runs_by_queue', 'workflow_runs', ['queued_engine', 'run_id']);
  await createIndex('runs_by_lease', 'workflow_runs', ['lease_owner', 'run_id']);
}

async function createTags({ createTable, types }: SchemaChange): Promise<void> {
  await createTable('run_tags', (table) =>
    table
      .addColumn('tag_hash', sql.raw(types.hash), (column) => column.notNull())
      .addColumn('run_id', sql.raw(types.id), (column) => column.notNull())
      .addPrimaryKeyConstraint('run_tags_key', ['tag_hash', 'run_id']),
  );
}

async function createEvents({ createTable, types }: SchemaChange): Promise<void> {
  await createTable('run_events', (table) =>
    table
      .addColumn('run_id', sql.raw(types.id), (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('from_state', sql.raw('varchar(16)'))
      .addColumn('to_state', sql.raw('varchar(16)'), (column) => column.notNull())
      .addColumn('actor', sql.raw(types.text), (column) => column.notNull())
      .addColumn('reason', sql.raw(types.text), (column) => column.notNull())
      .addPrimaryKeyConstraint('run_events_key', ['run_id', 'revision']),
  );
}

async function createAttachments({ createTable, types }: SchemaChange): Promise<void> {
  await createTable('workflow_attachments', (table) =>
    table
      .addColumn('run_id', sql.raw(types.id), (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('size_bytes', 'bigint', (column) => column.notNull())
      .addColumn('sha256', sql.raw(types.hash), (column) => column.notNull())
      .addColumn('name', sql.raw(types.text), (column) => column.notNull())
      .addPrimaryKeyConstraint('workflow_attachments_key', ['run_id', 'position']),
  );
}
