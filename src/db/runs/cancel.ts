import type { Transaction } from 'kysely';
import { sourcesOf, type StoredState } from '../../runs/state.ts';
import { canBeStored } from '../plain-text.ts';
import { inTransaction, type Connection } from '../retry.ts';
import type { Tables } from '../schema.ts';
import { changeState } from './change-state.ts';

interface CancelRequest {
  readonly runId: string;
  readonly actor: string;
  readonly at: number;
}

/** Cancels a run that waits, and asks for the end of one that a daemon holds. Gives the state afterwards. */
export async function requestCancel(
  connection: Connection,
  request: CancelRequest,
): Promise<StoredState | undefined> {
  if (!canBeStored(request.runId)) return undefined;
  for (;;) {
    const state = await inTransaction(connection, (tx) => tryCancel(connection, tx, request));
    // Still in a state that can be canceled: it was moved from one to another between the two tries.
    const slipped = state === 'QUEUED' || (state && sourcesOf('CANCELING').includes(state));
    if (!slipped) return state;
  }
}

async function tryCancel(
  { dialect }: Connection,
  tx: Transaction<Tables>,
  { runId, actor, at }: CancelRequest,
): Promise<StoredState | undefined> {
  const canceled = { runId, to: 'CANCELED', at, actor, reason: 'canceled while queued' } as const;
  // Only from QUEUED: a run that a daemon stops is CANCELED when nothing of it is left.
  if (await changeState(dialect, tx, canceled, (update) => update.where('state', '=', 'QUEUED'))) {
    return 'CANCELED';
  }
  const canceling = { runId, to: 'CANCELING', at, actor, reason: 'cancel requested' } as const;
  if (await changeState(dialect, tx, canceling, (update) => update)) return 'CANCELING';
  const run = await tx
    .selectFrom('workflow_runs')
    .select('state')
    .where('run_id', '=', runId)
    .executeTakeFirst();
  return run?.state;
}
