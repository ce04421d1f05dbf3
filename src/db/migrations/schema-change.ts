import { sql, type CreateTableBuilder, type Kysely } from 'kysely';
import { errorField, type ColumnTypes } from '../dialects/dialect.ts';

/** What migrations are written with. Every step may be repeated, see `createIndex`. */
export interface SchemaChange {
  readonly db: Kysely<unknown>;
  readonly types: ColumnTypes;
  createTable(name: string, columns: (table: TableBuilder) => TableBuilder): Promise<void>;
  /**
   * `where`: only these rows are looked for in it. Where the database can, the others are left out: of a
   * column that was just added the index of a large table is then made by reading it once.
   */
  createIndex(
    name: string,
    table: string,
    columns: readonly string[],
    where?: string,
  ): Promise<void>;
  /** `definition`: the column's type, and what else SQL says of it. */
  addColumn(table: string, column: string, definition: string): Promise<void>;
  hasColumn(table: string, column: string): Promise<boolean>;
  dropIndex(name: string, table: string): Promise<void>;
}

type TableBuilder = CreateTableBuilder<string, string>;

const MYSQL_DUPLICATE_INDEX = 1061;
const MYSQL_NO_SUCH_INDEX = 1091;

export function schemaChange(db: Kysely<unknown>, types: ColumnTypes): SchemaChange {
  async function hasColumn(table: string, column: string): Promise<boolean> {
    const tables = await db.introspection.getTables();
    const found = tables.find(({ name }) => name === table);
    return found?.columns.some(({ name }) => name === column) ?? false;
  }

  return {
    db,
    types,
    hasColumn,

    async addColumn(table, column, definition) {
      if (await hasColumn(table, column)) return;
      const [name, type] = [sql.ref(column), sql.raw(definition)];
      await sql`alter table ${sql.table(table)} add column ${name} ${type}`.execute(db);
    },

    async dropIndex(name, table) {
      const where = types.indexesAreOfTables ? sql` on ${sql.table(table)}` : sql``;
      await ignoring(MYSQL_NO_SUCH_INDEX, () =>
        sql`drop index ${sql.ref(name)}${where}`.execute(db),
      );
    },

    async createTable(name, columns) {
      // Kysely's type names each column as it is added; columns by any name are what migrations need.
      const table = db.schema.createTable(name).ifNotExists() as unknown as TableBuilder;
      await columns(table).modifyEnd(sql.raw(types.tableOptions)).execute();
    },

    /**
     * MySQL commits each change of the schema by itself: a migration that was cut off has made some of
     * its tables and indexes, and runs again from its beginning.
     */
    async createIndex(name, table, columns, where) {
      const list = sql.raw(columns.join(', '));
      const part = sql.raw(where && types.hasPartialIndexes ? ` where ${where}` : '');
      const statement = sql`create index ${sql.ref(name)} on ${sql.table(table)} (${list})${part}`;
      await ignoring(MYSQL_DUPLICATE_INDEX, () => statement.execute(db));
    },
  };
}

async function ignoring(errno: number, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (errorField(error, 'errno') !== errno) throw error;
  }
}
