import type { RunFilter } from '../../runs/run-store.ts';
import { STORED_STATES, type StoredState } from '../../runs/state.ts';
import type { Connection } from '../retry.ts';
import { matchesNothing, selectRuns } from './filter.ts';

export async function countRuns({ db }: Connection, filter: RunFilter): Promise<number> {
  if (matchesNothing(filter)) return 0;
  const { query } = selectRuns(db, filter);
  const count = query.select((eb) => eb.fn.countAll<number>().as('count'));
  return (await count.executeTakeFirstOrThrow()).count;
}

export async function countByState({
  db,
}: Connection): Promise<Readonly<Record<StoredState, number>>> {
  const rows = await db
    .selectFrom('workflow_runs')
    .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute();
  const counts = new Map(rows.map((row) => [row.state, row.count]));
  const entries = STORED_STATES.map((state) => [state, counts.get(state) ?? 0]);
  return Object.fromEntries(entries) as Record<StoredState, number>; // One entry for each state.
}
