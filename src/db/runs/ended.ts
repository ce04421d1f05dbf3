import type { EndedQuery, EndedRun } from '../../runs/run-store.ts';
import { canBeStored } from '../plain-text.ts';
import { retried, type Connection } from '../retry.ts';

/** One page of runs that ended before a time, by the time of their end. */
export async function listEnded(
  { db, dialect }: Connection,
  { endedBefore, states, owner, withLogs = false, after, limit }: EndedQuery,
): Promise<readonly EndedRun[]> {
  if (!canBeStored(owner ?? '') || states?.length === 0) return [];
  const query = db
    .selectFrom('workflow_runs')
    .select(['run_id', 'owner', 'state', 'ended_at'])
    .where('ended_at', '<', endedBefore)
    .$if(states !== undefined, (q) => q.where('state', 'in', [...(states ?? [])]))
    .$if(owner !== undefined, (q) => q.where('owner', '=', owner ?? ''))
    .$if(withLogs, (q) => q.where('logs_removed_at', 'is', null))
    .$if(after !== undefined, (q) =>
      q.where(({ and, or, eb }) =>
        or([
          eb('ended_at', '>', after?.endedAt ?? 0),
          and([eb('ended_at', '=', after?.endedAt ?? 0), eb('run_id', '>', after?.runId ?? '')]),
        ]),
      ),
    )
    .orderBy('ended_at')
    .orderBy('run_id')
    .limit(limit)
    .$narrowType<{ ended_at: number }>();
  const rows = await retried(dialect, () => query.execute());
  return rows.map((row) => ({
    runId: row.run_id,
    owner: row.owner,
    state: row.state,
    endedAt: row.ended_at,
  }));
}
