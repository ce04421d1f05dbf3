import Type from 'typebox';
import { WesError } from '../runs/errors.ts';
import { TaskListResponse, TaskLog } from '../wes/run-log.ts';
import { addressesFor } from './addresses.ts';
import type { ApiInstance } from './api-instance.ts';
import { findVisibleRunState, type ApiDeps } from './context.ts';
import { pageLimit, pageQuery } from './paging.ts';
import { responses } from './responses.ts';
import { RunParams } from './run-params.ts';
import { listTaskPage, taskLog } from './task-log.ts';

const tags = ['Workflow Runs'];

/** ListTasks and GetTask. */
export function registerTaskRoutes(app: ApiInstance, deps: ApiDeps): void {
  registerListTasks(app, deps);
  registerGetTask(app, deps);
}

function registerListTasks(app: ApiInstance, deps: ApiDeps): void {
  const { store, settings } = deps;
  const schema = {
    operationId: 'ListTasks',
    summary: 'ListTasks',
    description: 'The tasks of a run, in the order in which they first appeared.',
    tags,
    params: RunParams,
    querystring: Type.Object(pageQuery('tasks')),
    response: responses(TaskListResponse, 'A page of tasks.', [400, 401, 403, 404]),
  };
  app.get(
    `${settings.apiPrefix}/runs/:run_id/tasks`,
    { schema },
    async function listTasks(request) {
      const { runId } = await findVisibleRunState(deps, request, request.params.run_id);
      const { page_size: size, page_token: pageToken } = request.query;
      const page = { limit: pageLimit(size, settings), ...(pageToken && { pageToken }) };
      return listTaskPage(store, runId, page, addressesFor(request, settings));
    },
  );
}

function registerGetTask(app: ApiInstance, deps: ApiDeps): void {
  const { store, settings } = deps;
  const schema = {
    operationId: 'GetTask',
    summary: 'GetTask',
    description: 'One task of a run.',
    tags,
    params: Type.Object({ run_id: Type.String(), task_id: Type.String() }),
    response: responses(TaskLog, 'The task.', [401, 403, 404]),
  };
  app.get(
    `${settings.apiPrefix}/runs/:run_id/tasks/:task_id`,
    { schema },
    async function getTask(request) {
      const { run_id: id, task_id: taskId } = request.params;
      const { runId } = await findVisibleRunState(deps, request, id);
      const task = isTaskId(taskId) ? await store.getTask(runId, taskId) : undefined;
      if (task !== undefined) return taskLog(runId, task, addressesFor(request, settings));
      throw new WesError('task_not_found', `task ${taskId} of run ${runId} was not found`);
    },
  );
}

/** A text that no database refuses to look for. */
function isTaskId(text: string): boolean {
  return text !== '' && text.length <= 255 && text.isWellFormed() && !text.includes('\0');
}
