import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** How many runs are under a lease, by owner and by engine. */
export interface LeasedCounts {
  readonly byOwner: ReadonlyMap<string, number>;
  readonly byEngine: ReadonlyMap<string, number>;
}

/**
 * Counted here, not by the database: leased runs are few (the slots of all daemons), and a GROUP BY owner
 * would lead SQLite to read the index of all runs that an owner ever had. `> ''` instead of IS NOT NULL,
 * for which SQLite uses no index.
 */
export async function countLeased(db: Kysely<Tables>): Promise<LeasedCounts> {
  const rows = await db
    .selectFrom('workflow_runs')
    .select(['owner', 'engine'])
    .where('lease_owner', '>', '')
    .execute();
  return {
    byOwner: countOf(rows.map((row) => row.owner)),
    byEngine: countOf(rows.map((row) => row.engine)),
  };
}

/** How often each name occurs. */
export function countOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
