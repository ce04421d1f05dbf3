import { sql, type Selectable, type Transaction } from 'kysely';
import type { Lease, LeasedRun, LeasedWrite } from '../../runs/run-store.ts';
import { inTransaction, retried, type Connection } from '../retry.ts';
import { withoutNulls } from '../rows.ts';
import type { RunsTable, Tables } from '../schema.ts';
import { writeHistory } from './change-state.ts';

const LEASE_COLUMNS = ['run_id', 'attempt', 'state', 'job_id', 'pause_requested'] as const;

export async function listLeased(
  { db, dialect }: Connection,
  daemonId: string,
): Promise<readonly LeasedRun[]> {
  const query = db
    .selectFrom('workflow_runs')
    .select(LEASE_COLUMNS)
    .where('lease_owner', '=', daemonId)
    .orderBy('run_id');
  const rows = await retried(dialect, () => query.execute());
  return rows.map((row) => leasedRun(daemonId, row));
}

function leasedRun(
  daemonId: string,
  row: Pick<Selectable<RunsTable>, (typeof LEASE_COLUMNS)[number]>,
): LeasedRun {
  return {
    runId: row.run_id,
    daemonId,
    attempt: row.attempt,
    state: row.state,
    pauseRequested: row.pause_requested !== 0,
    ...withoutNulls({ jobId: row.job_id }),
  };
}

export async function listLeaseOwners({ db, dialect }: Connection): Promise<readonly string[]> {
  const query = db
    .selectFrom('workflow_runs')
    .select('lease_owner')
    .distinct()
    .where('lease_owner', 'is not', null)
    .orderBy('lease_owner')
    .$narrowType<{ lease_owner: string }>();
  return (await retried(dialect, () => query.execute())).map((row) => row.lease_owner);
}

export interface TakeOver {
  readonly runId: string;
  readonly from: Lease;
  readonly newOwner: string;
  readonly at: number;
}

/** A new holder for a lease; the run stays as it is, and its history gets a remark. */
export function takeOver(connection: Connection, request: TakeOver): Promise<boolean> {
  const { runId, from, newOwner, at } = request;
  return inTransaction(connection, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('workflow_runs')
      .set({
        lease_owner: newOwner,
        previous_state: sql.ref('state'),
        revision: sql`revision + 1`,
      })
      .where('run_id', '=', runId)
      .where('lease_owner', '=', from.daemonId)
      .where('attempt', '=', from.attempt)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return false;
    const reason = `lease taken over from daemon ${from.daemonId}`;
    await writeHistory(connection.dialect, tx, { runId, at, actor: `daemon:${newOwner}`, reason });
    return true;
  });
}

/**
 * Holds the run's row until the end of the transaction if the lease is still held, and takes the next
 * `changes` revisions. With none an update of nothing, because SQLite knows no SELECT … FOR UPDATE.
 */
export async function holdLease(
  tx: Transaction<Tables>,
  lease: LeasedWrite,
  changes: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('workflow_runs')
    .set({ revision: sql`revision + ${changes}` })
    .where('run_id', '=', lease.runId)
    .where('lease_owner', '=', lease.daemonId)
    .where('attempt', '=', lease.attempt)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
