import { sql } from 'kysely';
import type { SchemaChange } from './schema-change.ts';

export async function createUsers({ createTable, types }: SchemaChange): Promise<void> {
  await createTable('users', (table) =>
    table
      .addColumn('name', sql.raw(types.name), (column) => column.primaryKey())
      .addColumn('is_admin', 'smallint', (column) => column.notNull())
      .addColumn('is_disabled', 'smallint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('password_hash', sql.raw(types.text), (column) => column.notNull()),
  );
}
