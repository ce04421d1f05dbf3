import { RunQueuePosition } from '../wes/run-queue-position.ts';
import type { ApiInstance } from './api-instance.ts';
import { findVisibleRunState, type ApiDeps } from './context.ts';
import { responses } from './responses.ts';
import { RunParams } from './run-params.ts';

/** GetQueuePosition; an addition to WES 1.1. */
export function registerQueueRoutes(app: ApiInstance, deps: ApiDeps): void {
  const schema = {
    operationId: 'GetQueuePosition',
    summary: 'GetQueuePosition',
    description:
      'The place of a queued run in the queue; of another run its state alone. An addition to WES 1.1.',
    tags: ['Workflow Runs'],
    params: RunParams,
    response: responses(RunQueuePosition, 'The run and its place.', [401, 403, 404]),
  };
  app.get(
    `${deps.settings.apiPrefix}/runs/:run_id/queue`,
    { schema },
    async function getQueuePosition(request): Promise<RunQueuePosition> {
      const { runId, state } = await findVisibleRunState(deps, request, request.params.run_id);
      if (state !== 'QUEUED') return { run_id: runId, state };
      const found = await deps.store.getQueuePosition(runId);
      if (found !== undefined) {
        return { run_id: runId, state, position: found.position, at_least: found.isAtLeast };
      }
      // It left the queue just now.
      const { state: latest } = await findVisibleRunState(deps, request, runId);
      return { run_id: runId, state: latest };
    },
  );
}
