import { sql, type Transaction } from 'kysely';
import { isTerminal, STORED_STATES, type StoredState } from '../../runs/state.ts';
import { canBeStored } from '../plain-text.ts';
import { announceRemoval } from '../removals.ts';
import { inTransaction, type Connection } from '../retry.ts';
import type { Tables } from '../schema.ts';
import { writeHistory } from './change-state.ts';

const ENDED = STORED_STATES.filter(isTerminal);

/** Everything that is kept by run, and the run itself last. */
const TABLES = [
  'run_tags',
  'run_events',
  'workflow_attachments',
  'task_logs',
  'run_outputs',
  'workflow_runs',
] as const;

/** Removes an ended run with all that belongs to it; gives the state that it had. */
export async function removeRun(
  connection: Connection,
  runId: string,
  at: number,
): Promise<StoredState | undefined> {
  if (!canBeStored(runId)) return undefined;
  return inTransaction(connection, async (tx) => {
    const isHeld = await holdEnded(tx, runId);
    const run = await tx
      .selectFrom('workflow_runs')
      .select('state')
      .where('run_id', '=', runId)
      .executeTakeFirst();
    if (!isHeld || !run) return run?.state;
    for (const table of TABLES) await tx.deleteFrom(table).where('run_id', '=', runId).execute();
    await announceRemoval(tx, runId, at);
    return run.state;
  });
}

/** Of two that remove the same run, the second waits here and finds it gone. */
async function holdEnded(tx: Transaction<Tables>, runId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('workflow_runs')
    .set({ attempt: sql.ref('attempt') })
    .where('run_id', '=', runId)
    .where('state', 'in', ENDED)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Notes on an ended run that its logs are gone; nothing when that was noted already. */
export async function markLogsRemoved(
  connection: Connection,
  { runId, actor, at }: { readonly runId: string; readonly actor: string; readonly at: number },
): Promise<void> {
  await inTransaction(connection, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('workflow_runs')
      .set({
        logs_removed_at: at,
        previous_state: sql.ref('state'),
        revision: sql`revision + 1`,
      })
      .where('run_id', '=', runId)
      .where('state', 'in', ENDED)
      .where('logs_removed_at', 'is', null)
      .executeTakeFirstOrThrow();
    const remark = { runId, at, actor, reason: 'logs removed' };
    if (numUpdatedRows > 0n) await writeHistory(connection.dialect, tx, remark);
  });
}
