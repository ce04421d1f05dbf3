import { RunId } from '../../wes/runs.ts';
import type { ApiInstance } from '../api-instance.ts';
import { callerOf, type ApiDeps } from '../context.ts';
import { responses } from '../responses.ts';
import { runIdIn, RunParams } from '../run-params.ts';

export function registerCancelRun(app: ApiInstance, deps: ApiDeps): void {
  const schema = {
    operationId: 'CancelRun',
    summary: 'CancelRun',
    description:
      'Cancels a run. One that waits is CANCELED at once; one that runs is CANCELING until nothing of it is left. A run that ended stays as it is.',
    tags: ['Workflow Runs'],
    params: RunParams,
    response: responses(RunId, 'The run.', [401, 403, 404]),
  };
  app.post(
    `${deps.settings.apiPrefix}/runs/:run_id/cancel`,
    { schema },
    async function cancelRun(request) {
      const runId = runIdIn(request.params);
      await deps.runs.cancel(runId, callerOf(request));
      deps.onChange?.(runId);
      return { run_id: runId };
    },
  );
}
