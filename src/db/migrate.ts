import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { WesError } from '../runs/errors.ts';
import { MIGRATIONS } from './migrations/all.ts';
import { schemaChange } from './migrations/schema-change.ts';
import { retried, type Connection } from './retry.ts';

const VERSION_TABLE = 'wes_migrations';

/**
 * Brings the schema up to date; gives the names of what was applied. Any number of processes may call
 * it at once: one does the work, the others wait for it.
 * @throws WesError `unavailable` when a later version of the service made the schema.
 */
export async function migrate(connection: Connection): Promise<readonly string[]> {
  await requireKnownMigrations(connection.db);
  return retried(connection.dialect, async () => {
    const { error, results = [] } = await migrator(connection).migrateToLatest();
    if (error !== undefined) throw error;
    return results.map((result) => result.migrationName);
  });
}

/** Names of the migrations that the database lacks; empty when it is up to date. Changes nothing. */
export async function pendingMigrations(connection: Connection): Promise<readonly string[]> {
  await requireKnownMigrations(connection.db);
  const migrations = await migrator(connection).getMigrations();
  return migrations.filter((m) => m.executedAt === undefined).map((m) => m.name);
}

function migrator({ db, dialect }: Connection): Migrator {
  const migrations = Object.entries(MIGRATIONS).map(([name, apply]): [string, Migration] => [
    name,
    { up: async (tx) => apply(schemaChange(tx, await dialect.columnTypes(tx))) },
  ]);
  return new Migrator({
    db,
    provider: { getMigrations: async () => Object.fromEntries(migrations) },
    migrationTableName: VERSION_TABLE,
    migrationLockTableName: `${VERSION_TABLE}_lock`,
  });
}

async function requireKnownMigrations<T>(db: Kysely<T>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === VERSION_TABLE)) return;
  const applied = await sql<{ name: string }>`select name from ${sql.table(VERSION_TABLE)}`.execute(
    db,
  );
  const unknown = applied.rows.find(({ name }) => !Object.hasOwn(MIGRATIONS, name));
  if (!unknown) return;
  throw new WesError(
    'unavailable',
    `The database has the change ${unknown.name}, which this version does not know: ` +
      'it belongs to a later version of the service; run that version.',
  );
}
