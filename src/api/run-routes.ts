import { visibleOwner } from '../auth/access.ts';
import { RunLog } from '../wes/run-log.ts';
import { RunListResponse, RunStatus } from '../wes/runs.ts';
import { addressesFor } from './addresses.ts';
import type { ApiInstance } from './api-instance.ts';
import { findVisibleRun, findVisibleRunState, principalOf, type ApiDeps } from './context.ts';
import { outputAddresses } from './output-addresses.ts';
import { pageLimit } from './paging.ts';
import { responses } from './responses.ts';
import { listRunPage } from './run-list.ts';
import { runLog } from './run-log.ts';
import { RunParams } from './run-params.ts';
import { runFilter, RunQuery } from './run-query.ts';

/** So many tasks are told within a RunLog; all of them are at `task_logs_url`. */
const MAX_TASKS_IN_RUN_LOG = 100;

const tags = ['Workflow Runs'];

/** ListRuns, GetRunLog and GetRunStatus; RunWorkflow is in submission/. */
export function registerRunRoutes(app: ApiInstance, deps: ApiDeps): void {
  registerListRuns(app, deps);
  registerGetRunLog(app, deps);
  registerGetRunStatus(app, deps);
}

function registerListRuns(app: ApiInstance, { store, settings, now = Date.now }: ApiDeps): void {
  const schema = {
    operationId: 'ListRuns',
    summary: 'ListRuns',
    description:
      'The runs that the caller may see, newest first. All pages show the list as it was when the first page was asked for.',
    tags,
    querystring: RunQuery,
    response: responses(RunListResponse, 'A page of runs.', [400, 401, 403]),
  };
  app.get(`${settings.apiPrefix}/runs`, { schema }, async function listRuns(request) {
    const { query } = request;
    const filter = runFilter(query, visibleOwner(principalOf(request)));
    if (filter === 'nothing') return { runs: [], next_page_token: '', total_runs: 0 };
    return listRunPage(
      store,
      {
        filter,
        order: query.sort_order === 'asc' ? 'oldest_first' : 'newest_first',
        limit: pageLimit(query.page_size, settings),
        ...(query.page_token && { pageToken: query.page_token }),
      },
      now(),
    );
  });
}

function registerGetRunLog(app: ApiInstance, deps: ApiDeps): void {
  const { store, settings } = deps;
  const schema = {
    operationId: 'GetRunLog',
    summary: 'GetRunLog',
    description: 'All that is known of a run: request, state, logs, the first tasks, outputs.',
    tags,
    params: RunParams,
    response: responses(RunLog, 'The run.', [401, 403, 404]),
  };
  app.get(`${settings.apiPrefix}/runs/:run_id`, { schema }, async function getRunLog(request) {
    const run = await findVisibleRun(deps, request, request.params.run_id);
    const [queuePosition, events, tasks] = await Promise.all([
      run.state === 'QUEUED' ? store.getQueuePosition(run.runId) : undefined,
      store.listEvents(run.runId),
      store.listTasks(run.runId, { after: 0, limit: MAX_TASKS_IN_RUN_LOG }),
    ]);
    const addresses = addressesFor(request, settings);
    const outputAddress = outputAddresses(run, deps, addresses);
    return runLog({ run, events, queuePosition, tasks, addresses, outputAddress });
  });
}

function registerGetRunStatus(app: ApiInstance, deps: ApiDeps): void {
  const schema = {
    operationId: 'GetRunStatus',
    summary: 'GetRunStatus',
    description: 'Where a run stands; cheap, so this is what to ask for again and again.',
    tags,
    params: RunParams,
    response: responses(RunStatus, 'The run and its state.', [401, 403, 404]),
  };
  app.get(
    `${deps.settings.apiPrefix}/runs/:run_id/status`,
    { schema },
    async function getRunStatus(request) {
      const { runId, state } = await findVisibleRunState(deps, request, request.params.run_id);
      return { run_id: runId, state };
    },
  );
}
