import type { CompiledQuery, Dialect, Kysely } from 'kysely';

/**
 * What differs between the databases; everything else is the same SQL. A new database is one file
 * that gives this, and `test/conformance/run-store.ts` as its proof.
 */
export interface DatabaseDialect {
  readonly kysely: Dialect;
  /** Column types for the migrations, asked from the server where they depend on it. */
  columnTypes<T>(db: Kysely<T>): Promise<ColumnTypes>;
  /**
   * SQL for the time by the database's own clock, in whole ms since the epoch, at the statement and not
   * at the begin of its transaction: the one clock that all who write to it share.
   */
  readonly clock: string;
  /** True for an error after which the transaction is rolled back and may be tried again as it was. */
  isTransient(error: unknown): boolean;
  /** True when a unique key forbade the write. */
  isDuplicate(error: unknown): boolean;
  /** True when the database can't be reached, is going down, or has no room: the same may work later. */
  isUnavailable(error: unknown): boolean;
  /** @throws WesError `too_large` for a statement that the server would not take */
  checkStatement?(query: CompiledQuery): void;
}

/**
 * SQL column types. Text compares by code points everywhere (case, accents and trailing spaces
 * count), so that keys and the order of lists are the same on every database.
 */
export interface ColumnTypes {
  /** UUIDs. */
  readonly id: string;
  /** Lower-case hex SHA-256. */
  readonly hash: string;
  /** Names that are indexed, up to 255 characters. */
  readonly name: string;
  /** Paths of files, up to PATH_BYTES of UTF-8. */
  readonly path: string;
  /** Text of any length. */
  readonly text: string;
  /** How an index on a `path` column names it: MySQL's key length ends before a long path does. */
  readonly pathInIndex: string;
  /** Stands after the closing parenthesis of CREATE TABLE. */
  readonly tableOptions: string;
  /** True where an index is named within its table, so that DROP INDEX has to say the table. */
  readonly indexesAreOfTables: boolean;
  /** True where an index may leave rows out (CREATE INDEX … WHERE). */
  readonly hasPartialIndexes: boolean;
}

/** The value of a field of an error of unknown shape, as database drivers set them. */
export function errorField(error: unknown, field: 'code' | 'errno' | 'errcode' | 'fatal'): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  return (error as Record<string, unknown>)[field]; // An object by the line above.
}
