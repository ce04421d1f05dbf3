import { sql } from 'kysely';
import { retried, type Connection } from '../retry.ts';

export interface Queue {
  readonly engine: string;
  /** See `queueName`. */
  readonly name: string;
}

export interface OwnerInQueue {
  readonly owner: string;
  readonly queue: Queue;
  /** This owner's oldest run of the priority that was asked for. */
  readonly oldest: string;
}

/** MySQL ends a recursion after 1,000 steps. */
const PAGE = 500;

/**
 * Who waits in a queue at a priority. From each owner the next one is found by a step in the index, so
 * that a hundred thousand runs of one owner cost as much as one.
 */
export async function ownersInQueue(
  connection: Connection,
  queue: Queue,
  priority: number,
): Promise<readonly OwnerInQueue[]> {
  const owners: OwnerInQueue[] = [];
  for (;;) {
    const page = await pageOfOwners(connection, { queue, priority, after: owners.at(-1)?.owner });
    owners.push(...page);
    if (page.length < PAGE) return owners;
  }
}

interface OwnersQuery {
  readonly queue: Queue;
  readonly priority: number;
  readonly after: string | undefined;
}

async function pageOfOwners(
  { db, dialect }: Connection,
  { queue, priority, after }: OwnersQuery,
): Promise<readonly OwnerInQueue[]> {
  const inQueue = sql`r.queue = ${queue.name} and r.priority = ${priority}`;
  const start = after === undefined ? sql`` : sql` and r.owner > ${after}`;
  const query = sql<{ owner: string; oldest: string | null }>`
    with recursive owners (owner, step) as (
      select min(r.owner), 1 from workflow_runs r where ${inQueue}${start}
      union all
      select (select min(r.owner) from workflow_runs r where ${inQueue} and r.owner > owners.owner),
        owners.step + 1
      from owners where owners.owner is not null and owners.step < ${sql.lit(PAGE)})
    select owners.owner as owner,
      (select min(r.run_id) from workflow_runs r where ${inQueue} and r.owner = owners.owner) as oldest
    from owners where owners.owner is not null`;
  const { rows } = await retried(dialect, () => query.execute(db));
  // Null: the owner's last run was taken between the two looks.
  return rows.flatMap(({ owner, oldest }) => (oldest === null ? [] : { owner, queue, oldest }));
}

interface OwnersRuns {
  readonly owner: string;
  readonly queue: Queue;
  readonly priority: number;
  readonly limit: number;
}

/** An owner's runs in a queue at a priority, oldest first. */
export async function runsOfOwner(
  { db, dialect }: Connection,
  { owner, queue, priority, limit }: OwnersRuns,
): Promise<readonly string[]> {
  const query = db
    .selectFrom('workflow_runs')
    .select('run_id')
    .where('queue', '=', queue.name)
    .where('priority', '=', priority)
    .where('owner', '=', owner)
    .orderBy('run_id')
    .limit(limit);
  return (await retried(dialect, () => query.execute())).map((row) => row.run_id);
}
