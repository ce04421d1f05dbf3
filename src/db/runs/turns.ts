import { sql } from 'kysely';
import type { Claim } from '../../runs/run-store.ts';
import { queueName } from '../queue-name.ts';
import { retried, type Connection } from '../retry.ts';
import { engineHasRoom, ownerHasRoom, type Claimed } from './concurrency-limits.ts';
import { countLeased, type LeasedCounts } from './leased-counts.ts';
import { ownersInQueue, runsOfOwner, type OwnerInQueue, type Queue } from './queue-reading.ts';

export interface Candidate extends Claimed {
  readonly runId: string;
}

/** How many runs are tried before the queue is asked again. */
const CANDIDATES = 8;

/**
 * The runs whose turn it is, the first one first: of the highest priority at which anyone may start one,
 * those of the owners with the fewest runs under a lease, and of each owner the oldest.
 */
export async function findCandidates(
  connection: Connection,
  claim: Claim,
): Promise<readonly Candidate[]> {
  const { limits = {} } = claim;
  const hasLimits = limits.perOwner !== undefined || limits.perEngine !== undefined;
  const counts = hasLimits ? await leased(connection) : undefined;
  const queues = queuesOf(claim).filter(
    ({ engine }) => !counts || engineHasRoom(engine, limits, counts),
  );
  for (let below = Infinity; queues.length > 0;) {
    const priority = await highestPriority(connection, queues, below);
    if (priority === undefined) return [];
    const found = await inTurn(connection, { queues, priority, claim, counts });
    if (found.length > 0) return found;
    below = priority;
  }
  return [];
}

function leased({ db, dialect }: Connection): Promise<LeasedCounts> {
  return retried(dialect, () => countLeased(db));
}

function queuesOf({ engines }: Claim): readonly Queue[] {
  return engines.flatMap(({ engine, versions }) => [
    { engine, name: queueName(engine) },
    ...versions.map((version) => ({ engine, name: queueName(engine, version) })),
  ]);
}

/** Each queue's maximum is one step in the index; `queue IN (…)` would read all that waits. */
async function highestPriority(
  { db, dialect }: Connection,
  queues: readonly Queue[],
  below: number,
): Promise<number | undefined> {
  const maxima = queues.map(({ name }) => {
    const limit = below === Infinity ? sql`` : sql` and priority < ${below}`;
    return sql`select max(priority) as priority from workflow_runs where queue = ${name}${limit}`;
  });
  const query = sql<{ priority: number | null }>`${sql.join(maxima, sql` union all `)}`;
  const { rows } = await retried(dialect, () => query.execute(db));
  const priorities = rows.flatMap(({ priority }) => priority ?? []);
  return priorities.length === 0 ? undefined : Math.max(...priorities);
}

interface Turn {
  readonly queues: readonly Queue[];
  readonly priority: number;
  readonly claim: Claim;
  readonly counts: LeasedCounts | undefined;
}

async function inTurn(connection: Connection, turn: Turn): Promise<readonly Candidate[]> {
  const waiting: OwnerInQueue[] = [];
  for (const queue of turn.queues) {
    waiting.push(...(await ownersInQueue(connection, queue, turn.priority)));
  }
  const [first] = waiting;
  if (!first) return [];
  const isOneOwner = waiting.every(({ owner }) => owner === first.owner);
  if (isOneOwner && !turn.counts) return oldestOfOne(connection, turn, waiting);
  return fewestFirst(waiting, turn, turn.counts ?? (await leased(connection)));
}

/** Nobody to share with: several of the one owner's runs, so that daemons in a race find one each. */
async function oldestOfOne(
  connection: Connection,
  { priority }: Turn,
  waiting: readonly OwnerInQueue[],
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (const { owner, queue } of waiting) {
    const runIds = await runsOfOwner(connection, { owner, queue, priority, limit: CANDIDATES });
    found.push(...runIds.map((runId) => ({ runId, owner, engine: queue.engine })));
  }
  return found.sort((a, b) => compare(a.runId, b.runId)).slice(0, CANDIDATES);
}

function fewestFirst(
  waiting: readonly OwnerInQueue[],
  { claim: { limits = {} } }: Turn,
  counts: LeasedCounts,
): readonly Candidate[] {
  const running = (owner: string) => counts.byOwner.get(owner) ?? 0;
  return waiting
    .filter(({ owner }) => ownerHasRoom(owner, limits, counts))
    .sort((a, b) => running(a.owner) - running(b.owner) || compare(a.oldest, b.oldest))
    .slice(0, CANDIDATES)
    .map(({ oldest, owner, queue }) => ({ runId: oldest, owner, engine: queue.engine }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
