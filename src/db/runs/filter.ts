import { sql, type ExpressionBuilder, type Kysely, type SelectQueryBuilder } from 'kysely';
import type { RunFilter } from '../../runs/run-store.ts';
import { tagDigest } from '../digest.ts';
import { canBeStored } from '../plain-text.ts';
import type { Tables } from '../schema.ts';

type RunQuery = SelectQueryBuilder<Tables, 'workflow_runs', object>;

/** The runs that a filter lets through, and the column to order and page them by. */
export function selectRuns(db: Kysely<Tables>, filter: RunFilter) {
  const [first, ...others] = (filter.tags ?? []).map(tagDigest);
  const runIdColumn = first === undefined ? 'workflow_runs.run_id' : 'run_tags.run_id';
  const runs = first === undefined ? db.selectFrom('workflow_runs') : taggedRuns(db, first);
  const { owner, states, workflowType, runIds, createdFrom, createdBefore } = filter;
  let query = runs;
  if (others.length > 0) query = query.where((eb) => hasTags(eb, others));
  if (owner !== undefined) query = query.where('owner', '=', owner);
  if (states) query = query.where((eb) => isOneOf(eb, 'state', states));
  if (workflowType !== undefined) query = query.where('workflow_type', '=', workflowType);
  if (runIds) query = query.where((eb) => isOneOf(eb, 'workflow_runs.run_id', runIds));
  if (createdFrom !== undefined) query = query.where('created_at', '>=', createdFrom);
  if (createdBefore !== undefined) query = query.where('created_at', '<', createdBefore);
  return { query, runIdColumn: sql.ref<string>(runIdColumn) };
}

/** True for a filter that names a text which no stored run can have. */
export function matchesNothing({ owner, workflowType, runIds = [] }: RunFilter): boolean {
  return ![owner ?? '', workflowType ?? '', ...runIds].every(canBeStored);
}

/**
 * The first tag's index gives the runs in order. CROSS JOIN, because SQLite then reads that table
 * first; the other databases take it for the inner join that it is and choose themselves.
 */
function taggedRuns(db: Kysely<Tables>, hash: string): RunQuery {
  return db
    .selectFrom('run_tags')
    .crossJoin('workflow_runs')
    .whereRef('workflow_runs.run_id', '=', 'run_tags.run_id')
    .where('run_tags.tag_hash', '=', hash);
}

/**
 * Counted, and not an EXISTS for each tag: that would be a join for each, and the time in which
 * PostgreSQL plans joins grows without measure with their number.
 */
function hasTags(eb: ExpressionBuilder<Tables, 'workflow_runs'>, hashes: readonly string[]) {
  const wanted = [...new Set(hashes)];
  const found = eb
    .selectFrom('run_tags as other_tag')
    .select((inner) => inner.fn.count('other_tag.run_id').as('found'))
    .whereRef('other_tag.run_id', '=', 'workflow_runs.run_id')
    .where('other_tag.tag_hash', 'in', wanted);
  return sql<boolean>`${found} = ${sql.lit(wanted.length)}`;
}

function isOneOf(
  eb: ExpressionBuilder<Tables, 'workflow_runs'>,
  column: 'state' | 'workflow_runs.run_id',
  values: readonly string[],
) {
  // `IN ()` is no SQL.
  if (values.length === 0) return eb.lit(false);
  return sql<boolean>`${sql.ref(column)} in (${sql.join(values)})`;
}
