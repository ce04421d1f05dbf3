import { sql, type Transaction } from 'kysely';
import { WesError } from '../runs/errors.ts';
import type { Removals } from '../runs/removals.ts';
import { canBeStored } from './plain-text.ts';
import { inTransaction, retried, type Connection } from './retry.ts';
import type { Tables } from './schema.ts';

export function createRemovals(connection: Connection): Removals {
  const { db, dialect } = connection;
  return {
    async announceUpload(runId, dueAt) {
      const values = { run_id: runId, due_at: dueAt, begun_at: null, finished_at: null };
      await retried(dialect, () => db.insertInto('run_removals').values(values).execute());
    },

    async begin(at, limit) {
      await retried(dialect, () => beginDue(connection, at, limit));
      const query = unfinished(connection, at, limit).where('begun_at', 'is not', null);
      return (await retried(dialect, () => query.execute())).map((row) => row.run_id);
    },

    async finish(runId, at) {
      const update = db
        .updateTable('run_removals')
        .set({ finished_at: at })
        .where('run_id', '=', runId);
      await retried(dialect, () => update.execute());
    },

    async isRemoved(runId) {
      if (!canBeStored(runId)) return false;
      const query = db
        .selectFrom('run_removals')
        .select('run_id')
        .where('run_id', '=', runId)
        .where('begun_at', 'is not', null);
      return (await retried(dialect, () => query.execute())).length > 0;
    },

    async forget(before) {
      const deletion = db.deleteFrom('run_removals').where('finished_at', '<', before);
      await retried(dialect, () => deletion.execute());
    },
  };
}

function unfinished({ db }: Connection, at: number, limit: number) {
  return db
    .selectFrom('run_removals')
    .select('run_id')
    .where('finished_at', 'is', null)
    .where('due_at', '<=', at)
    .orderBy('due_at')
    .limit(limit);
}

/** One by one and only while there is no run: a submission that is about to be written wins or is refused. */
async function beginDue(connection: Connection, at: number, limit: number): Promise<void> {
  const due = await unfinished(connection, at, limit).where('begun_at', 'is', null).execute();
  for (const { run_id: runId } of due) {
    await inTransaction(connection, async (tx) => {
      await tx
        .updateTable('run_removals')
        .set({ begun_at: at })
        .where('run_id', '=', runId)
        .where('begun_at', 'is', null)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('workflow_runs').select('run_id').where('run_id', '=', runId))),
        )
        .execute();
    });
  }
}

/**
 * Ends the announcement of an upload, in the transaction that writes its run.
 * @throws WesError `unavailable` when what was uploaded is being removed already
 */
export async function endAnnouncement(tx: Transaction<Tables>, runId: string): Promise<void> {
  await tx
    .deleteFrom('run_removals')
    .where('run_id', '=', runId)
    .where('begun_at', 'is', null)
    .execute();
  const begun = await tx
    .selectFrom('run_removals')
    .select(sql.lit(1).as('one'))
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (!begun) return;
  throw new WesError('unavailable', 'The upload took too long and was removed; submit again.');
}

/** Announces the removal of what a run has in storage, in the transaction that removes the run. */
export async function announceRemoval(
  tx: Transaction<Tables>,
  runId: string,
  at: number,
): Promise<void> {
  await tx
    .insertInto('run_removals')
    .values({ run_id: runId, due_at: at, begun_at: at, finished_at: null })
    .execute();
}
