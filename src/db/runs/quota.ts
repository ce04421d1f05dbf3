import type { Transaction } from 'kysely';
import { WesError } from '../../runs/errors.ts';
import type { Tables } from '../schema.ts';
import { holdLocks } from './claim-locks.ts';

export interface QueueQuota {
  /** The lock under which this owner's runs are counted. */
  readonly lock: string;
  readonly owner: string;
  readonly maxQueued: number;
}

/**
 * Counts with the new run in its place, which tells a repeated submission first: that needs no room.
 * @throws WesError `quota_exceeded`
 */
export async function requireRoomInQueue(
  tx: Transaction<Tables>,
  { lock, owner, maxQueued }: QueueQuota,
): Promise<void> {
  await holdLocks(tx, [lock]);
  const rows = await tx
    .selectFrom('workflow_runs')
    .select('run_id')
    .where('owner', '=', owner)
    .where('state', '=', 'QUEUED')
    .limit(maxQueued + 1)
    .execute();
  if (rows.length <= maxQueued) return;
  throw new WesError(
    'quota_exceeded',
    `You have ${maxQueued} runs in the queue already, which is as many as one user may have here; ` +
      'submit again when one of them has started, or cancel one.',
  );
}
