import { sql, type Transaction } from 'kysely';
import type { Run } from '../../runs/run.ts';
import type { Claim } from '../../runs/run-store.ts';
import { inTransaction, type Connection } from '../retry.ts';
import { runFromRow } from '../rows.ts';
import type { Tables } from '../schema.ts';
import { changeState } from './change-state.ts';
import { holdLocks, makeLocks } from './claim-locks.ts';
import { engineHasRoom, lockSubjects, ownerHasRoom } from './concurrency-limits.ts';
import { countLeased } from './leased-counts.ts';
import { findCandidates, type Candidate } from './turns.ts';

/**
 * Takes the run whose turn it is. Each candidate is a compare-and-set of its own; when others won all of
 * them, there may be more behind, and the queue is asked again.
 */
export async function claimRun(connection: Connection, claim: Claim): Promise<Run | undefined> {
  for (;;) {
    const candidates = await findCandidates(connection, claim);
    if (candidates.length === 0) return undefined;
    for (const candidate of candidates) {
      const run = await takeWithinLimits(connection, candidate, claim);
      if (run) return run;
    }
  }
}

/** Limits were asked before, but others claim at the same time: they are counted again under locks. */
async function takeWithinLimits(
  connection: Connection,
  candidate: Candidate,
  claim: Claim,
): Promise<Run | undefined> {
  const { limits = {} } = claim;
  const subjects = lockSubjects(candidate, limits);
  await makeLocks(connection, subjects);
  return inTransaction(connection, async (tx) => {
    if (subjects.length > 0) {
      await holdLocks(tx, subjects);
      const counts = await countLeased(tx);
      if (!ownerHasRoom(candidate.owner, limits, counts)) return undefined;
      if (!engineHasRoom(candidate.engine, limits, counts)) return undefined;
    }
    return takeRun(connection, tx, candidate.runId, claim);
  });
}

async function takeRun(
  { dialect }: Connection,
  tx: Transaction<Tables>,
  runId: string,
  { daemonId, executor, at }: Claim,
): Promise<Run | undefined> {
  const actor = `daemon:${daemonId}`;
  const change = { runId, to: 'INITIALIZING', at, actor, reason: 'claimed' } as const;
  const won = await changeState(dialect, tx, change, (update) =>
    update.set({
      lease_owner: daemonId,
      executor,
      attempt: sql`attempt + 1`,
      ...NOTHING_DONE_YET,
    }),
  );
  if (!won) return undefined;
  const run = await tx
    .selectFrom('workflow_runs')
    .selectAll()
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow();
  if (run.attempt > 1) await forgetEarlierAttempt(tx, runId);
  return runFromRow(run);
}

const NOTHING_DONE_YET = {
  job_id: null,
  started_at: null,
  ended_at: null,
  exit_code: null,
  engine_version: null,
  command: null,
  outputs: null,
} as const;

/** A run shows the tasks of its latest attempt: those of one that was given up would never end. */
async function forgetEarlierAttempt(tx: Transaction<Tables>, runId: string): Promise<void> {
  await tx.deleteFrom('task_logs').where('run_id', '=', runId).execute();
  await tx.deleteFrom('run_outputs').where('run_id', '=', runId).execute();
}
