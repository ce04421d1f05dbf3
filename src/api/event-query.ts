import Type, { type Static } from 'typebox';
import type { FeedChange } from './streams/feed-changes.ts';
import { RunQuery, runFilter } from './run-query.ts';

const { properties } = RunQuery;

/** Query of both streams of events. */
export const EventQuery = Type.Object({
  tasks: Type.Optional(
    Type.Unsafe<'true' | 'false'>({
      type: 'string',
      enum: ['true', 'false'],
      default: 'true',
      description: 'With `false` changes of tasks are left out.',
    }),
  ),
  last_event_id: Type.Optional(
    Type.String({ description: 'As `Last-Event-ID`, for clients that can not set headers.' }),
  ),
});

/** Query of the events of many runs: filters as of ListRuns. */
export const FeedQuery = Type.Object({
  ...EventQuery.properties,
  state: Type.Optional(
    Type.Array(properties.state.items, {
      description: 'Only changes to one of these states, and none of tasks.',
    }),
  ),
  tags: properties.tags,
  tag_key: properties.tag_key,
  tag_value: properties.tag_value,
  workflow_type: properties.workflow_type,
  run_ids: properties.run_ids,
});

/**
 * Whether a change of some run is wanted by somebody who sees the runs of `owner`, or all when undefined.
 * @throws WesError `invalid_request` that names the parameter
 */
export function feedFilter(
  query: Static<typeof FeedQuery>,
  owner: string | undefined,
): (change: FeedChange) => boolean {
  const filter = runFilter(query, owner);
  if (filter === 'nothing') return () => false;
  const { states, tags = [], workflowType, runIds } = filter;
  const withTasks = query.tasks !== 'false' && states === undefined;
  const ids = runIds && new Set(runIds);
  return ({ traits, change }) => {
    if (owner !== undefined && traits.owner !== owner) return false;
    if (change.type === 'task' ? !withTasks : states?.includes(change.event.to) === false)
      return false;
    if (ids?.has(traits.runId) === false) return false;
    if (workflowType !== undefined && traits.workflowType !== workflowType) return false;
    return tags.every(({ key, value }) => traits.tags[key] === value);
  };
}
