import { sql, type Transaction } from 'kysely';
import type { Run } from '../../runs/run.ts';
import type { Claim } from '../../runs/run-store.ts';
import { inTransaction, retried, type Connection } from '../retry.ts';
import { runFromRow } from '../rows.ts';
import type { Tables } from '../schema.ts';
import { changeState } from './change-state.ts';

/** How many runs are tried before the queue is asked again. */
const CANDIDATES = 8;

/**
 * Takes the oldest run that the daemon can execute. Each candidate is a compare-and-set of its own;
 * when others won all of them, there may be more behind, and the queue is asked again.
 */
export async function claimRun(connection: Connection, claim: Claim): Promise<Run | undefined> {
  for (;;) {
    const runIds = await findCandidates(connection, claim);
    if (runIds.length === 0) return undefined;
    for (const runId of runIds) {
      const run = await inTransaction(connection, (tx) => takeRun(tx, runId, claim));
      if (run) return run;
    }
  }
}

async function findCandidates(connection: Connection, { engines }: Claim): Promise<string[]> {
  const queues: string[][] = [];
  for (const offer of engines) queues.push(await oldestQueued(connection, offer));
  return queues.flat().sort().slice(0, CANDIDATES);
}

async function oldestQueued(
  { db, dialect }: Connection,
  { engine, versions }: Claim['engines'][number],
): Promise<string[]> {
  const query = db
    .selectFrom('workflow_runs')
    .select('run_id')
    .where('queued_engine', '=', engine)
    .where((eb) => {
      const isFree = eb('requested_engine_version', 'is', null);
      if (versions.length === 0) return isFree;
      return eb.or([isFree, eb('requested_engine_version', 'in', [...versions])]);
    })
    .orderBy('run_id')
    .limit(CANDIDATES);
  return (await retried(dialect, () => query.execute())).map((row) => row.run_id);
}

async function takeRun(
  tx: Transaction<Tables>,
  runId: string,
  { daemonId, executor, at }: Claim,
): Promise<Run | undefined> {
  const actor = `daemon:${daemonId}`;
  const change = { runId, to: 'INITIALIZING', at, actor, reason: 'claimed' } as const;
  const won = await changeState(tx, change, (update) =>
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
