import { Kysely, sql } from 'kysely';
import type { UserStore } from '../auth/user-store.ts';
import type { DaemonRegistry } from '../runs/daemon-registry.ts';
import { WesError } from '../runs/errors.ts';
import type { Removals } from '../runs/removals.ts';
import type { RunStore } from '../runs/run-store.ts';
import { createDaemonRegistry } from './daemon-registry.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { openDialect } from './dialects/open-dialect.ts';
import { watchedDialect } from './dialects/watched-dialect.ts';
import { migrate, pendingMigrations } from './migrate.ts';
import { redactUrl } from './redact-url.ts';
import { createRemovals } from './removals.ts';
import { createRunStore } from './run-store.ts';
import type { Tables } from './schema.ts';
import { createUserStore } from './user-store.ts';

export interface Database {
  readonly runs: RunStore;
  readonly daemons: DaemonRegistry;
  readonly users: UserStore;
  readonly removals: Removals;
  /** Brings the schema up to date; gives the names of the migrations that were applied. */
  migrate(): Promise<readonly string[]>;
  /** What `migrate` would apply. While it is not empty, the database is not to be used. */
  pendingMigrations(): Promise<readonly string[]>;
  /** Rejects when the database can't be reached. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** How long a database server may say nothing while an answer is due; 0, the default, for ever. */
  readonly timeoutSeconds?: number;
}

/** The database is away: what failed may work later as it is. */
export class DatabaseAwayError extends WesError {}

/**
 * Connects to a database; a SQLite file is made when there is none.
 * @throws WesError `invalid_request` for a URL of no known kind, `unavailable` when the database can't
 *   be reached; a DatabaseAwayError when it is worth while to try again.
 */
export async function openDatabase(
  url: string,
  { timeoutSeconds = 0 }: DatabaseOptions = {},
): Promise<Database> {
  const silence = { milliseconds: timeoutSeconds * 1000 };
  const dialect = await openDialect(parseDatabaseUrl(url), silence);
  const db = new Kysely<Tables>({ dialect: watchedDialect(dialect) });
  const connection = { db, dialect };

  async function check(): Promise<void> {
    await sql`select 1 as one`.execute(db);
  }

  await check().catch(async (error: unknown) => {
    await db.destroy();
    throw unreachable(url, error);
  });
  return {
    runs: createRunStore(connection),
    daemons: createDaemonRegistry(connection),
    users: createUserStore(connection),
    removals: createRemovals(connection),
    migrate: async () => {
      // A change of a large table takes as long as it takes.
      const { milliseconds } = silence;
      silence.milliseconds = 0;
      return migrate(connection).finally(() => (silence.milliseconds = milliseconds));
    },
    pendingMigrations: () => pendingMigrations(connection),
    check,
    close: () => db.destroy(),
  };
}

function unreachable(url: string, error: unknown): WesError {
  if (error instanceof WesError && error.cause === undefined) return error;
  const reason = error instanceof WesError ? error.cause : error;
  const problem = reason instanceof Error ? reason.message || reason.name : String(reason);
  const message = `The database ${redactUrl(url)} can't be opened: ${problem}`;
  // What can't be opened as a file stays so.
  const isAway = error instanceof WesError && parseDatabaseUrl(url).kind !== 'sqlite';
  return new (isAway ? DatabaseAwayError : WesError)('unavailable', message, { cause: error });
}
