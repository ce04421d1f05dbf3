import type { QueuePosition } from '../../runs/run-store.ts';
import { canBeStored } from '../plain-text.ts';
import { retried, type Connection } from '../retry.ts';
import { countLeased, countOf, type LeasedCounts } from './leased-counts.ts';

/** Up to this many waiting runs the order is worked out; with more, only the owner's own runs are counted. */
const EXACT_UP_TO = 5000;

interface Waiting {
  readonly run_id: string;
  readonly owner: string;
  readonly priority: number;
}

/**
 * The place of a run in the order of claims (see `turns.ts`), among the runs of all engines, as if none
 * of the runs that are under a lease ended and each that starts counted for its owner. Limits are not
 * part of it.
 */
export async function getQueuePosition(
  connection: Connection,
  runId: string,
): Promise<QueuePosition | undefined> {
  if (!canBeStored(runId)) return undefined;
  const { db, dialect } = connection;
  const find = db
    .selectFrom('workflow_runs')
    .select(['run_id', 'owner', 'priority'])
    .where('run_id', '=', runId)
    .where('state', '=', 'QUEUED');
  const [run] = await retried(dialect, () => find.execute());
  if (!run) return undefined;
  // Answered by the queue's index alone; `> ''` for the same reason as in `countLeased`.
  const read = db
    .selectFrom('workflow_runs')
    .select(['run_id', 'owner', 'priority'])
    .where('queue', '>', '')
    .limit(EXACT_UP_TO + 1);
  const waiting = await retried(dialect, () => read.execute());
  if (waiting.length > EXACT_UP_TO) return ownRunsAhead(connection, run);
  const counts = await retried(dialect, () => countLeased(db));
  return { position: 1 + countAhead(run, waiting, counts), isAtLeast: false };
}

/** Of the owner's own runs it is certain which go first. */
async function ownRunsAhead({ db, dialect }: Connection, run: Waiting): Promise<QueuePosition> {
  const query = db
    .selectFrom('workflow_runs')
    .select(['run_id', 'priority'])
    .where('owner', '=', run.owner)
    .where('state', '=', 'QUEUED')
    .where('run_id', '<', run.run_id)
    .limit(EXACT_UP_TO);
  const older = await retried(dialect, () => query.execute());
  const ahead = older.filter(({ priority }) => priority >= run.priority).length;
  return { position: 1 + ahead, isAtLeast: true };
}

/**
 * An owner's runs start in the order of their age, the first when the owner has as many runs under a
 * lease as now, the next when there is one more, and so on; of two with the same number the older one
 * goes first.
 */
function countAhead(run: Waiting, waiting: readonly Waiting[], { byOwner }: LeasedCounts): number {
  const higher = waiting.filter(({ priority }) => priority > run.priority);
  const equal = waiting.filter(({ priority }) => priority === run.priority);
  const startedBefore = countOf(higher.map(({ owner }) => owner));
  const placeOf = placesAmongOwn(equal);
  const turn = ({ owner, run_id: runId }: Waiting) =>
    (byOwner.get(owner) ?? 0) + (startedBefore.get(owner) ?? 0) + (placeOf.get(runId) ?? 0);
  const own = turn(run);
  const before = equal.filter((other) => {
    const difference = turn(other) - own;
    return difference < 0 || (difference === 0 && other.run_id < run.run_id);
  });
  return higher.length + before.length;
}

/** How many runs of the same owner are older, by run id. */
function placesAmongOwn(waiting: readonly Waiting[]): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  const places = new Map<string, number>();
  const byAge = waiting.toSorted((a, b) => (a.run_id < b.run_id ? -1 : 1));
  for (const { run_id: runId, owner } of byAge) {
    const place = seen.get(owner) ?? 0;
    places.set(runId, place);
    seen.set(owner, place + 1);
  }
  return places;
}
