import { sql } from 'kysely';
import type { SchemaChange } from './schema-change.ts';

export async function createDaemons({ createTable, types }: SchemaChange): Promise<void> {
  await createTable('daemons', (table) =>
    table
      .addColumn('daemon_id', sql.raw(types.id), (column) => column.primaryKey())
      .addColumn('process_id', 'bigint', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('beat', 'bigint', (column) => column.notNull())
      .addColumn('beat_at', 'bigint', (column) => column.notNull())
      .addColumn('host', sql.raw(types.text), (column) => column.notNull())
      .addColumn('process_start', sql.raw(types.text), (column) => column.notNull())
      .addColumn('engines', sql.raw(types.text), (column) => column.notNull()),
  );
}
