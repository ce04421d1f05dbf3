import type { Kysely } from 'kysely';
import type { RunSummary } from '../../runs/run.ts';
import type { RunListQuery } from '../../runs/run-store.ts';
import type { Connection } from '../retry.ts';
import { canBeStored } from '../plain-text.ts';
import { SUMMARY_COLUMNS, summaryFromRow } from '../rows.ts';
import type { Tables } from '../schema.ts';
import { matchesNothing, selectRuns } from './filter.ts';

/** One page of runs, by run id. */
export async function listRuns(
  { db }: Connection,
  query: RunListQuery,
): Promise<readonly RunSummary[]> {
  if (matchesNothing(query) || !canBeStored(query.after ?? '')) return [];
  const rows = await pageOfStates(db, query).execute();
  return rows.map(summaryFromRow);
}

/**
 * Each state's part of the page is read in order from the index and cut off at the limit; then the
 * parts are merged. With `state IN (…)` the database would sort every run in these states instead.
 * Only ids are merged: texts would be put into temporary tables on disk.
 */
function pageOfStates(db: Kysely<Tables>, query: RunListQuery) {
  const [first, ...others] = [...new Set(query.states ?? [])];
  if (first === undefined || others.length === 0) return pageOf(db, query).select(SUMMARY_COLUMNS);
  const part = (state: typeof first) => {
    const ids = pageOf(db, { ...query, states: [state] }).select('workflow_runs.run_id as run_id');
    return db.selectFrom(ids.as('part')).select('part.run_id as run_id');
  };
  const merged = others
    .reduce((union, state) => union.unionAll(part(state)), part(first))
    .orderBy('run_id', direction(query))
    .limit(query.limit);
  return db
    .selectFrom(merged.as('page'))
    .innerJoin('workflow_runs', 'workflow_runs.run_id', 'page.run_id')
    .select(SUMMARY_COLUMNS)
    .orderBy('workflow_runs.run_id', direction(query));
}

function pageOf(db: Kysely<Tables>, query: RunListQuery) {
  const { query: runs, runIdColumn } = selectRuns(db, query);
  const page = runs.orderBy(runIdColumn, direction(query)).limit(query.limit);
  const comparison = query.order === 'newest_first' ? '<' : '>';
  return query.after === undefined ? page : page.where(runIdColumn, comparison, query.after);
}

function direction({ order }: RunListQuery): 'asc' | 'desc' {
  return order === 'newest_first' ? 'desc' : 'asc';
}
