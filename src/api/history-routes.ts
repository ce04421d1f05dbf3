import { pausedMilliseconds } from '../runs/paused-time.ts';
import type { Run, RunEvent } from '../runs/run.ts';
import { RunHistory } from '../wes/run-history.ts';
import type { ApiInstance } from './api-instance.ts';
import { findVisibleRun, type ApiDeps } from './context.ts';
import { historyEntry } from './history-entry.ts';
import { responses } from './responses.ts';
import { RunParams } from './run-params.ts';

/** GetRunHistory: what `system_logs` says in lines, for programs. An addition to WES 1.1. */
export function registerHistoryRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { store, settings, now = Date.now } = deps;
  const schema = {
    operationId: 'GetRunHistory',
    summary: 'GetRunHistory',
    description:
      'How a run came to where it stands: each change of state and each remark, and the run that it repeats. An addition to WES 1.1.',
    tags: ['Workflow Runs'],
    params: RunParams,
    response: responses(RunHistory, 'The history of the run.', [401, 403, 404]),
  };
  app.get(
    `${settings.apiPrefix}/runs/:run_id/history`,
    { schema },
    async function getRunHistory(request) {
      const run = await findVisibleRun(deps, request, request.params.run_id);
      return runHistory(run, await store.listEvents(run.runId), now());
    },
  );
}

const MILLISECONDS_PER_SECOND = 1000;

function runHistory(
  { runId, rerunOf, attempt }: Run,
  events: readonly RunEvent[],
  now: number,
): RunHistory {
  return {
    run_id: runId,
    ...(rerunOf !== undefined && { rerun_of: rerunOf }),
    history: events.map(historyEntry),
    paused_seconds: Math.floor(pausedMilliseconds(events, now) / MILLISECONDS_PER_SECOND),
    attempts: attempt,
  };
}
