import { sql, type Transaction } from 'kysely';
import { digest } from '../digest.ts';
import type { Connection } from '../retry.ts';
import type { Tables } from '../schema.ts';

/** Makes the rows that `holdLocks` holds. Outside of the transaction, so that nobody waits for an insert. */
export async function makeLocks(
  connection: Connection,
  subjects: readonly string[],
): Promise<void> {
  for (const name of subjects.map(digest)) await makeLock(connection, name);
}

async function makeLock({ db, dialect }: Connection, name: string): Promise<void> {
  const known = await db
    .selectFrom('claim_locks')
    .select('name')
    .where('name', '=', name)
    .executeTakeFirst();
  if (known) return;
  try {
    await db.insertInto('claim_locks').values({ name }).execute();
  } catch (error) {
    if (!dialect.isDuplicate(error)) throw error; // Another process made it in between.
  }
}

/**
 * Lets nobody else count what `subjects` name until the end of the transaction. In one order for all, so
 * that no two wait for each other. An update of nothing, because SQLite knows no SELECT … FOR UPDATE.
 */
export async function holdLocks(
  tx: Transaction<Tables>,
  subjects: readonly string[],
): Promise<void> {
  for (const name of subjects.map(digest).sort()) {
    await tx
      .updateTable('claim_locks')
      .set({ name: sql.ref('name') })
      .where('name', '=', name)
      .execute();
  }
}
