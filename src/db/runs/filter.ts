import { sql, type ExpressionBuilder, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import type { RunFilter } from '../../runs/run-store.ts';
import { tagDigest } from '../digest.ts';
import { canBeStored } from '../plain-text.ts';
import type { Tables } from '../schema.ts';

type RunQuery<O> = SelectQueryBuilder<Tables, 'workflow_runs', O>;

/** Narrows a query over runs. The first tag is joined, so that its index gives the runs in order. */
export function filterRuns<O>(query: RunQuery<O>, filter: RunFilter): RunQuery<O> {
  const [first, ...others] = (filter.tags ?? []).map(tagDigest);
  const { owner, states, workflowType, runIds, createdFrom, createdBefore } = filter;
  let result = query;
  if (first !== undefined) result = joinTag(result, first);
  for (const hash of others) result = result.where((eb) => hasTag(eb, hash));
  if (owner !== undefined) result = result.where('owner', '=', owner);
  if (states) result = result.where((eb) => isOneOf(eb, 'state', states));
  if (workflowType !== undefined) result = result.where('workflow_type', '=', workflowType);
  if (runIds) result = result.where((eb) => isOneOf(eb, 'workflow_runs.run_id', runIds));
  if (createdFrom !== undefined) result = result.where('created_at', '>=', createdFrom);
  if (createdBefore !== undefined) result = result.where('created_at', '<', createdBefore);
  return result;
}

/** The column to order and page by: of the table that is read first. */
export function runIdColumn(filter: RunFilter): RawBuilder<string> {
  const isTagged = (filter.tags ?? []).length > 0;
  return sql.ref(isTagged ? 'run_tags.run_id' : 'workflow_runs.run_id');
}

/** True for a filter that names a text which no stored run can have. */
export function matchesNothing({ owner, workflowType, runIds = [] }: RunFilter): boolean {
  const texts = [owner ?? '', workflowType ?? '', ...runIds];
  return !texts.every(canBeStored);
}

function joinTag<O>(query: RunQuery<O>, hash: string): RunQuery<O> {
  return query.$call((q) =>
    q
      .innerJoin('run_tags', 'run_tags.run_id', 'workflow_runs.run_id')
      .where('run_tags.tag_hash', '=', hash),
  );
}

function hasTag(eb: ExpressionBuilder<Tables, 'workflow_runs'>, hash: string) {
  return eb.exists(
    eb
      .selectFrom('run_tags as other_tag')
      .select('other_tag.run_id')
      .whereRef('other_tag.run_id', '=', 'workflow_runs.run_id')
      .where('other_tag.tag_hash', '=', hash),
  );
}

function isOneOf(
  eb: ExpressionBuilder<Tables, 'workflow_runs'>,
  column: 'state' | 'workflow_runs.run_id',
  values: readonly string[],
) {
  // `IN ()` is no SQL.
  return values.length === 0
    ? eb.lit(false)
    : sql<boolean>`${sql.ref(column)} in (${sql.join(values)})`;
}
