import { decodePageToken, encodePageToken, type PageScope } from '../runs/page-token.ts';
import type { RunSummary as StoredSummary } from '../runs/run.ts';
import { runIdTime } from '../runs/run-id.ts';
import type { RunFilter, RunStore } from '../runs/run-store.ts';
import type { RunListResponse, RunSummary } from '../wes/runs.ts';
import { cutPage } from './paging.ts';
import { timestamp } from './timestamps.ts';

export interface RunListRequest {
  readonly filter: RunFilter;
  readonly order: 'newest_first' | 'oldest_first';
  readonly limit: number;
  readonly pageToken?: string;
}

/**
 * A page of runs. All pages show the list as it was when the first was asked for (WES 1.1, ListRuns):
 * the token carries that time, and later runs stay out of all further pages and of their total.
 */
export async function listRunPage(
  store: RunStore,
  { filter, order, limit, pageToken }: RunListRequest,
  now: number,
): Promise<RunListResponse> {
  const scope: PageScope = { list: 'runs', filter: [filter, order] };
  const position = pageToken === undefined ? undefined : decodePageToken(scope, pageToken);
  const bounded = boundedFilter(filter, position?.before);
  const [rows, total] = await Promise.all([
    store.listRuns({
      ...bounded,
      order,
      limit: limit + 1,
      ...(position !== undefined && { after: position.after }),
    }),
    store.countRuns(bounded),
  ]);
  const { page, last } = cutPage(rows, limit);
  const before = position?.before ?? snapshotEnd(rows, now);
  return {
    runs: page.map(runSummary),
    next_page_token:
      last === undefined ? '' : encodePageToken(scope, { after: last.runId, before }),
    total_runs: total,
  };
}

function boundedFilter(filter: RunFilter, before: number | undefined): RunFilter {
  if (before === undefined) return filter;
  return { ...filter, createdBefore: Math.min(before, filter.createdBefore ?? before) };
}

/** What the first page shows belongs to the list, also when another instance's clock is ahead of this one. */
function snapshotEnd(rows: readonly StoredSummary[], now: number): number {
  return Math.max(now, ...rows.map(({ runId }) => runIdTime(runId))) + 1;
}

function runSummary({ runId, state, tags, startedAt, endedAt }: StoredSummary): RunSummary {
  return {
    run_id: runId,
    state,
    ...(startedAt !== undefined && { start_time: timestamp(startedAt) }),
    ...(endedAt !== undefined && { end_time: timestamp(endedAt) }),
    tags,
  };
}
