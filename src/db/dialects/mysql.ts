import { CompiledQuery, MysqlDialect, sql, type DatabaseConnection, type Kysely } from 'kysely';
import { createPool, type Pool, type SslOptions } from 'mysql2';
import { WesError } from '../../runs/errors.ts';
import { PATH_BYTES } from '../plain-text.ts';
import { errorField, type ColumnTypes, type DatabaseDialect } from './dialect.ts';
import { maxPacketBytes, requireStatementSize } from './mysql-packet.ts';
import { allowSilence, breakWhenSilent, type SilenceLimit } from './silence-limit.ts';

// https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
const ER_DUP_ENTRY = 1062;
const ER_LOCK_WAIT_TIMEOUT = 1205;
const ER_LOCK_DEADLOCK = 1213;
/** MariaDB: the row changed since the snapshot of the transaction. */
const ER_CHECKREAD = 1020;

/** Too many connections, going down, disk full, table full, read-only. */
const UNAVAILABLE: ReadonlySet<unknown> = new Set([1040, 1053, 1021, 1114, 1290, 1836]);
const NETWORK = /^(?:E[A-Z]+|PROTOCOL_[A-Z_]+)$/;

const CONNECTION_LIMIT = 10;

/**
 * Collations that compare every character, case and trailing space: MariaDB's and MySQL's (8.0.17).
 * The `utf8mb4_bin` that both have takes 'a' and 'a ' for the same key.
 */
const COLLATIONS = ['utf8mb4_nopad_bin', 'utf8mb4_0900_bin'] as const;

/** MySQL 8 and MariaDB, through mysql2. */
export function createMysqlDialect(url: string, silence: SilenceLimit): DatabaseDialect {
  let maxStatementBytes = Infinity;
  return {
    kysely: new MysqlDialect({
      pool: async () => openPool(url, silence),
      onCreateConnection: async (connection) => {
        await prepareSession(connection);
        maxStatementBytes = await maxPacketBytes(connection);
      },
    }),
    checkStatement: (query) => requireStatementSize(query, maxStatementBytes),
    isUnavailable,
    columnTypes,
    // Not unix_timestamp(): that goes by the time zone of the session, and its clock is set back each autumn.
    clock: "timestampdiff(microsecond, '1970-01-01 00:00:00', utc_timestamp(3)) div 1000",
    isTransient: (error) => {
      const code = errorField(error, 'errno');
      return [ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT, ER_CHECKREAD].some((known) => known === code);
    },
    isDuplicate: (error) => errorField(error, 'errno') === ER_DUP_ENTRY,
  };
}

function openPool(url: string, silence: SilenceLimit): Pool {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const pool = createPool({
    host: decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
    port: port === '' ? 3306 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    connectionLimit: CONNECTION_LIMIT,
    ...(silence.milliseconds > 0 && { connectTimeout: silence.milliseconds }),
    charset: 'utf8mb4',
    // An update counts the rows that it found, as on the other databases, not those whose values
    // differ afterwards: a compare-and-set that found its row has won.
    flags: ['+FOUND_ROWS'],
    supportBigNumbers: true,
    ...tlsOptions(searchParams),
  });
  // Whoever uses a broken connection is told by the statement; unheard, a second error would end the process.
  pool.on('connection', (connection) => connection.on('error', () => {}));
  pool.on('acquire', (connection) => breakWhenSilent(socketOf(connection), silence));
  pool.on('release', (connection) => allowSilence(socketOf(connection)));
  return pool;
}

/** The driver has it, but not in its types. */
function socketOf(connection: object): unknown {
  return Reflect.get(connection, 'stream');
}

/** `ssl-mode` as MySQL's own clients take it; without it the connection is not encrypted. */
function tlsOptions(parameters: URLSearchParams): { ssl?: SslOptions } {
  const mode = (parameters.get('ssl-mode') ?? 'DISABLED').toUpperCase();
  if (mode === 'DISABLED') return {};
  if (mode === 'REQUIRED') return { ssl: { rejectUnauthorized: false } };
  if (mode === 'VERIFY_CA') return { ssl: { rejectUnauthorized: true } };
  if (mode === 'VERIFY_IDENTITY')
    return { ssl: { rejectUnauthorized: true, verifyIdentity: true } };
  throw new WesError(
    'invalid_request',
    'ssl-mode in the database URL is not one of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY.',
  );
}

async function prepareSession(connection: DatabaseConnection): Promise<void> {
  // At REPEATABLE READ, the default, competing claims end in deadlocks.
  await execute(connection, 'set session transaction isolation level read committed');
  // Sorts compare the whole of a path; by default only its first 1024 bytes of weights.
  await execute(connection, `set session max_sort_length = ${PATH_BYTES * 4}`);
  // Strict: too long a value is an error and never cut off. And without NO_BACKSLASH_ESCAPES, by
  // whose absence the driver escapes values.
  await execute(connection, "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'");
}

/** The driver marks an error as fatal that ended its connection. */
function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  if (errorField(error, 'fatal') === true || UNAVAILABLE.has(errorField(error, 'errno')))
    return true;
  const code = errorField(error, 'code');
  return typeof code === 'string' && NETWORK.test(code);
}

async function execute(connection: DatabaseConnection, statement: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(statement));
}

async function columnTypes<T>(db: Kysely<T>): Promise<ColumnTypes> {
  const found = await sql<{ name: string }>`
    select collation_name as name from information_schema.collations
    where collation_name in (${sql.join(COLLATIONS)})`.execute(db);
  const collation = found.rows[0]?.name;
  if (collation === undefined) {
    throw new WesError('unavailable', 'MySQL 8.0.17 or MariaDB 10.6, or later, is needed.');
  }
  return {
    id: 'varchar(36)',
    hash: 'char(64)',
    name: 'varchar(255)',
    path: 'varchar(1024)',
    // TEXT ends at 64 KB.
    text: 'longtext',
    pathInIndex: 'path(700)',
    tableOptions: `engine = InnoDB default character set utf8mb4 collate ${collation}`,
    indexesAreOfTables: true,
    hasPartialIndexes: false,
  };
}
