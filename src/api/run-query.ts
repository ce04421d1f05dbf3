import Type, { type Static } from 'typebox';
import { invalidRequest } from '../runs/errors.ts';
import { checkText } from '../runs/json-text.ts';
import { isRunId } from '../runs/run-id.ts';
import type { RunFilter } from '../runs/run-store.ts';
import type { StoredState } from '../runs/state.ts';
import { reference } from '../wes/reference.ts';
import { State } from '../wes/state.ts';
import { pageQuery } from './paging.ts';

const text = (description: string) => Type.Optional(Type.String({ description }));
const texts = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));

/** Query of ListRuns: the standard's two parameters, and filters that it does not have. */
export const RunQuery = Type.Object({
  ...pageQuery('runs'),
  state: Type.Optional(
    Type.Array(reference(State), {
      description: 'Only runs in one of these states.',
    }),
  ),
  tags: texts('Only runs with all of these tags, each as `key:value`.'),
  tag_key: texts('Keys of tags; the first goes with the first `tag_value`, and so on.'),
  tag_value: texts('Values of tags, as many as there are of `tag_key`.'),
  workflow_type: text('Only runs of this workflow language, as in service-info.'),
  run_ids: texts('Only these runs: ids, repeated or separated by commas.'),
  created_after: text('Only runs submitted at this time (RFC 3339) or later.'),
  created_before: text('Only runs submitted before this time (RFC 3339).'),
  sort_order: Type.Optional(
    Type.Unsafe<'asc' | 'desc'>({
      type: 'string',
      enum: ['asc', 'desc'],
      default: 'desc',
      description: 'By time of submission: newest first (`desc`) or oldest first (`asc`).',
    }),
  ),
});
export type RunQuery = Static<typeof RunQuery>;

/**
 * The filter that a query asks for; `nothing` when no run can match it.
 * @throws WesError `invalid_request` that names the parameter
 */
export function runFilter(query: RunQuery, owner: string | undefined): RunFilter | 'nothing' {
  const states = query.state?.filter((state): state is StoredState => state !== 'UNKNOWN');
  const runIds = query.run_ids?.flatMap((ids) => ids.split(',')).filter(isRunId);
  if (states?.length === 0 || runIds?.length === 0) return 'nothing';
  const tags = [...joinedTags(query.tags ?? []), ...zippedTags(query)];
  if (query.workflow_type !== undefined) checkText(query.workflow_type, 'workflow_type');
  return {
    ...(owner !== undefined && { owner }),
    ...(states !== undefined && { states: [...new Set(states)].sort() }),
    ...(tags.length > 0 && { tags }),
    ...(query.workflow_type !== undefined && { workflowType: query.workflow_type }),
    ...(runIds !== undefined && { runIds: [...new Set(runIds)].sort() }),
    ...timeRange(query),
  };
}

function timeRange(query: RunQuery): Pick<RunFilter, 'createdFrom' | 'createdBefore'> {
  const createdFrom = time(query.created_after, 'created_after');
  const createdBefore = time(query.created_before, 'created_before');
  return {
    ...(createdFrom !== undefined && { createdFrom }),
    ...(createdBefore !== undefined && { createdBefore }),
  };
}

type Tag = NonNullable<RunFilter['tags']>[number];

function joinedTags(tags: readonly string[]): readonly Tag[] {
  return tags.map((tag) => {
    const colon = tag.indexOf(':');
    if (colon === -1) throw invalidRequest('tags', `'${tag}' must have the form key:value`);
    return checkedTag('tags', tag.slice(0, colon), tag.slice(colon + 1));
  });
}

function zippedTags({ tag_key: keys = [], tag_value: values = [] }: RunQuery): readonly Tag[] {
  if (keys.length !== values.length) {
    throw invalidRequest(
      'tag_value',
      `there must be as many as of tag_key, which occurs ${keys.length} times`,
    );
  }
  return keys.map((key, index) => checkedTag('tag_key', key, values[index] ?? ''));
}

function checkedTag(field: string, key: string, value: string): Tag {
  checkText(key + value, field);
  return { key, value };
}

// RFC 3339, section 5.6.
const TIME_PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;

function time(value: string | undefined, field: string): number | undefined {
  if (value === undefined) return undefined;
  // A plus sign that was not percent-encoded arrives as a space.
  const written = value.replace(/ (?=\d{2}:\d{2}$)/, '+');
  const milliseconds = TIME_PATTERN.test(written) ? Date.parse(written) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw invalidRequest(field, `'${value}' is not a time such as 2026-01-31T12:00:00Z`);
  }
  return milliseconds;
}
