import { CompiledQuery, PostgresDialect } from 'kysely';
import pg from 'pg';
import { errorField, type ColumnTypes, type DatabaseDialect } from './dialect.ts';
import { allowSilence, breakWhenSilent, type SilenceLimit } from './silence-limit.ts';

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNIQUE_VIOLATION = '23505';
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const LOCK_NOT_AVAILABLE = '55P03';

/** Classes 08 (connection), 53 (no memory, no disk, too many connections), 58 (system), and 57P: going down. */
const UNAVAILABLE = /^(?:08|53|58|57P)/;
const READ_ONLY = '25006';
const NETWORK = /^E[A-Z_]+$/;
/** What the driver says by itself has no code. */
const CONNECTION_LOST =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client (?:has encountered|was closed))/;

const CONNECTION_LIMIT = 10;
const CONNECT_TIMEOUT_MS = 10_000;

const COLUMN_TYPES: ColumnTypes = {
  // Collation "C" compares bytes of UTF-8, so code points; the default one goes by language.
  id: 'varchar(36) collate "C"',
  hash: 'char(64) collate "C"',
  name: 'varchar(255) collate "C"',
  path: 'varchar(1024) collate "C"',
  text: 'text',
  pathInIndex: 'path',
  tableOptions: '',
  indexesAreOfTables: false,
  hasPartialIndexes: true,
};

/** PostgreSQL, through pg. */
export function createPostgresDialect(url: string, silence: SilenceLimit): DatabaseDialect {
  return {
    kysely: new PostgresDialect({
      pool: async () => openPool(url, silence),
      onCreateConnection: async (connection) => {
        const isolation =
          'set session characteristics as transaction isolation level read committed';
        await connection.executeQuery(CompiledQuery.raw(isolation));
      },
    }),
    columnTypes: async () => COLUMN_TYPES,
    clock: 'cast(extract(epoch from clock_timestamp()) * 1000 as bigint)',
    isTransient: (error) => {
      const code = errorField(error, 'code');
      return [SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE].some((c) => c === code);
    },
    isDuplicate: (error) => errorField(error, 'code') === UNIQUE_VIOLATION,
    isUnavailable,
  };
}

function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const code = errorField(error, 'code');
  if (typeof code !== 'string')
    return error instanceof Error && CONNECTION_LOST.test(error.message);
  return UNAVAILABLE.test(code) || code === READ_ONLY || NETWORK.test(code);
}

function openPool(url: string, silence: SilenceLimit): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTION_LIMIT,
    connectionTimeoutMillis: silence.milliseconds || CONNECT_TIMEOUT_MS,
    types: { getTypeParser },
  });
  // A connection that breaks while idle: the pool drops it and opens another when one is needed.
  pool.on('error', () => {});
  // One that breaks between two statements of a transaction: unheard, that would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('acquire', (client) => breakWhenSilent(socketOf(client), silence));
  pool.on('release', (_error, client) => allowSilence(socketOf(client)));
  return pool;
}

/** The driver has it, but not in its types. */
function socketOf(client: object): unknown {
  const connection: unknown = Reflect.get(client, 'connection');
  return typeof connection === 'object' && connection !== null
    ? Reflect.get(connection, 'stream')
    : undefined;
}

/** `bigint` columns and counts, which the driver would give as strings: times and counts stay far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (typeId, format) => {
  if (typeId === pg.types.builtins.INT8 && format !== 'binary') return Number;
  return pg.types.getTypeParser(typeId, format);
};
