import { mkdirSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely';
import { WesError } from '../../runs/errors.ts';
import { errorField, type ColumnTypes, type DatabaseDialect } from './dialect.ts';
import { createStatementCache, type StatementCache } from './sqlite-statement-cache.ts';

// Result codes: https://www.sqlite.org/rescode.html; the low byte is the primary code.
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

/** Before this version a checkpoint in WAL mode may lose commits of another process (WAL-reset bug). */
const OLDEST_SQLITE = '3.51.3';

/** SQLite waits inside the call, so the whole process waits: short, then we ask again (`retry.ts`). */
const BUSY_TIMEOUT_MS = 250;
const WAL_ATTEMPTS = 300;

const COLUMN_TYPES: ColumnTypes = {
  id: 'varchar(36)',
  hash: 'char(64)',
  name: 'varchar(255)',
  path: 'varchar(1024)',
  text: 'text',
  pathInIndex: 'path',
  tableOptions: '',
  indexesAreOfTables: false,
  hasPartialIndexes: true,
};

/** SQLite through the driver that is built into Node; one connection, which Kysely gives out in turn. */
export function createSqliteDialect(path: string): DatabaseDialect {
  return {
    kysely: {
      createDriver: () => new SqliteDriver(path),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createAdapter: () => new TransactionalDdlAdapter(),
      createIntrospector: (db) => new SqliteIntrospector(db),
    },
    columnTypes: async () => COLUMN_TYPES,
    clock: "cast(unixepoch('subsec') * 1000 as integer)",
    isTransient: (error) => primaryCode(error) === SQLITE_BUSY,
    isUnavailable: (error) => UNAVAILABLE.has(primaryCode(error)),
    isDuplicate: (error) => {
      const code = errorField(error, 'errcode');
      return code === SQLITE_CONSTRAINT_UNIQUE || code === SQLITE_CONSTRAINT_PRIMARYKEY;
    },
  };
}

const UNAVAILABLE: ReadonlySet<number> = new Set([
  SQLITE_READONLY,
  SQLITE_IOERR,
  SQLITE_FULL,
  SQLITE_CANTOPEN,
]);

function primaryCode(error: unknown): number {
  return Number(errorField(error, 'errcode')) % 256;
}

/** @throws WesError `unavailable` for a SQLite that is too old to be trusted with several processes. */
export function requireSafeSqlite(version: string): void {
  if (version.localeCompare(OLDEST_SQLITE, 'en', { numeric: true }) >= 0) return;
  throw new WesError(
    'unavailable',
    `This Node carries SQLite ${version}, which can lose data when several processes write; ` +
      `version ${OLDEST_SQLITE} or later is needed: use Node 24.15 or later (or 22.23 or later).`,
  );
}

/** Kysely's own adapter leaves migrations outside of transactions; in one, they lock out each other. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #path: string;
  #connection: SqliteConnection | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async init(): Promise<void> {
    const database = openFile(this.#path);
    try {
      await prepareDatabase(database);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#connection = new SqliteConnection(database);
  }

  async acquireConnection(): Promise<SqliteConnection> {
    if (!this.#connection) throw new Error('The SQLite database is not open.');
    return this.#connection;
  }

  /** IMMEDIATE: a transaction that reads first and writes later could not wait for another writer. */
  async beginTransaction(connection: SqliteConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  /** A full disk has rolled back already: another rollback would fail and hide why. */
  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    if (connection.isInTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements: StatementCache;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = createStatementCache(database);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#statements.get(query.sql);
    // Kysely types parameters as unknown; ours are what the schema holds.
    const parameters = query.parameters as (string | number | bigint | null)[];
    if (statement.columns().length > 0) {
      return { rows: statement.all(...parameters) as R[] }; // The caller knows what it selected.
    }
    const { changes } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    for (const row of (await this.executeQuery<R>(query)).rows) yield { rows: [row] };
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction;
  }

  close(): void {
    this.#database.close();
  }
}

/** The file holds password hashes: it is made readable for its user only. */
function openFile(path: string): DatabaseSync {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, 'a', 0o600));
  }
  return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
}

async function prepareDatabase(database: DatabaseSync): Promise<void> {
  requireSafeSqlite(String(database.prepare('select sqlite_version() as version').get()?.version));
  await enterWalMode(database);
  // FULL: a run that was accepted is still there after a power cut.
  database.exec('pragma synchronous = full');
  database.exec('pragma foreign_keys = on');
}

/** The change to WAL needs the file alone and does not honour the timeout when several processes start at once. */
async function enterWalMode(database: DatabaseSync): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      database.exec('pragma journal_mode = wal');
      return;
    } catch (error) {
      const isBusy = primaryCode(error) === SQLITE_BUSY;
      if (!isBusy || attempt === WAL_ATTEMPTS) throw error;
      await delay(10 + Math.random() * 20);
    }
  }
}
