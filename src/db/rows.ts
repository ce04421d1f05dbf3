import type { Selectable } from 'kysely';
import type { Run, RunSummary } from '../runs/run.ts';
import { fromJson } from './json-text.ts';
import type { RunsTable } from './schema.ts';

type WithoutNulls<T> = { readonly [K in keyof T]?: Exclude<T[K], null> };

/** A column that is null is a field that is absent. */
export function withoutNulls<T extends object>(fields: T): WithoutNulls<T> {
  const present = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(present) as WithoutNulls<T>; // The same keys, less the null ones.
}

export function runFromRow(row: Selectable<RunsTable>): Run {
  return {
    runId: row.run_id,
    owner: row.owner,
    state: row.state,
    request: fromJson(row.request),
    engine: row.engine,
    createdAt: row.created_at,
    priority: row.priority,
    attempt: row.attempt,
    pauseRequested: row.pause_requested !== 0,
    ...withoutNulls({
      rerunOf: row.rerun_of,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      engineVersion: row.engine_version,
      executor: row.executor,
      command: row.command === null ? null : fromJson(row.command),
      exitCode: row.exit_code,
      outputs: row.outputs === null ? null : fromJson(row.outputs),
      leaseOwner: row.lease_owner,
      jobId: row.job_id,
      logsRemovedAt: row.logs_removed_at,
    }),
  };
}

export const SUMMARY_COLUMNS = [
  'workflow_runs.run_id as run_id',
  'workflow_runs.state as state',
  'workflow_runs.started_at as started_at',
  'workflow_runs.ended_at as ended_at',
  'workflow_runs.tags as tags',
] as const;

type SummaryRow = Pick<
  Selectable<RunsTable>,
  'run_id' | 'state' | 'started_at' | 'ended_at' | 'tags'
>;

export function summaryFromRow(row: SummaryRow): RunSummary {
  return {
    runId: row.run_id,
    state: row.state,
    tags: fromJson(row.tags),
    ...withoutNulls({ startedAt: row.started_at, endedAt: row.ended_at }),
  };
}
