import { sql, type CreateTableBuilder, type Kysely } from 'kysely';
import { errorField, type ColumnTypes } from '../dialects/dialect.ts';

/** What migrations are written with. Every step may be repeated, see `createIndex`. */
export interface SchemaChange {
  readonly types: ColumnTypes;
  createTable(name: string, columns: (table: TableBuilder) => TableBuilder): Promise<void>;
  createIndex(name: string, table: string, columns: readonly string[]): Promise<void>;
}

type TableBuilder = CreateTableBuilder<string, string>;

const MYSQL_DUPLICATE_INDEX = 1061;

export function schemaChange(db: Kysely<unknown>, types: ColumnTypes): SchemaChange {
  return {
    types,

    async createTable(name, columns) {
      // Kysely's type names each column as it is added; columns by any name are what migrations need.
      const table = db.schema.createTable(name).ifNotExists() as unknown as TableBuilder;
      await columns(table).modifyEnd(sql.raw(types.tableOptions)).execute();
    },

    /**
     * MySQL commits each change of the schema by itself: a migration that was cut off has made some of
     * its tables and indexes, and runs again from its beginning.
     */
    async createIndex(name, table, columns) {
      const list = sql.raw(columns.join(', '));
      const statement = sql`create index ${sql.ref(name)} on ${sql.table(table)} (${list})`;
      try {
        await statement.execute(db);
      } catch (error) {
        if (errorField(error, 'errno') !== MYSQL_DUPLICATE_INDEX) throw error;
      }
    },
  };
}
