import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { DatabaseDialect } from './dialects/dialect.ts';
import type { Tables } from './schema.ts';

/** What the database's operations are written with. */
export interface Connection {
  readonly db: Kysely<Tables>;
  readonly dialect: DatabaseDialect;
}

const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 250;
const GIVE_UP_AFTER_MS = 20_000;

/**
 * Runs `work` as one transaction, and again when the database rolled it back for the sake of others
 * (deadlock, serialization failure, lock timeout, busy file): `work` must have no effects of its own.
 */
export function inTransaction<T>(
  { db, dialect }: Connection,
  work: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return retried(dialect, () => db.transaction().execute(work));
}

/**
 * Repeats `work`, a single statement or transaction, while it fails for the sake of others; for
 * GIVE_UP_AFTER_MS at the longest. `now`: a monotonic clock in ms.
 */
export async function retried<T>(
  dialect: Pick<DatabaseDialect, 'isTransient'>,
  work: () => Promise<T>,
  now: () => number = () => performance.now(),
): Promise<T> {
  const start = now();
  for (let longestMs = FIRST_PAUSE_MS; ; longestMs = Math.min(longestMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      const hasTime = now() - start < GIVE_UP_AFTER_MS;
      if (!hasTime || !dialect.isTransient(error)) throw error;
    }
    // Random, so that those who collided don't collide again.
    await delay(Math.random() * longestMs);
  }
}
