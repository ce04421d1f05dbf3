import { sql } from 'kysely';
import type { PauseRequest } from '../../runs/run-store.ts';
import type { StoredState } from '../../runs/state.ts';
import { canBeStored } from '../plain-text.ts';
import { inTransaction, type Connection } from '../retry.ts';
import { writeHistory } from './change-state.ts';

/** Records the wish and a remark, where the wish is new; gives the run's state. */
export async function requestPause(
  connection: Connection,
  {
    runId,
    pause,
    actor,
    at,
    reason = pause ? 'pause requested' : 'resume requested',
  }: PauseRequest,
): Promise<StoredState | undefined> {
  if (!canBeStored(runId)) return undefined;
  return inTransaction(connection, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('workflow_runs')
      .set({
        pause_requested: Number(pause),
        previous_state: sql.ref('state'),
        revision: sql`revision + 1`,
      })
      .where('run_id', '=', runId)
      .where('state', 'in', ['RUNNING', 'PAUSED'])
      .where('pause_requested', '!=', Number(pause))
      .executeTakeFirstOrThrow();
    if (numUpdatedRows > 0n) {
      await writeHistory(connection.dialect, tx, { runId, at, actor, reason });
    }
    const run = await tx
      .selectFrom('workflow_runs')
      .select('state')
      .where('run_id', '=', runId)
      .executeTakeFirst();
    return run?.state;
  });
}
