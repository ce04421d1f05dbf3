import { canSee } from '../auth/access.ts';
import { WesError } from '../runs/errors.ts';
import { isRunId } from '../runs/run-id.ts';
import { RunId } from '../wes/runs.ts';
import type { ApiInstance } from './api-instance.ts';
import { principalOf, type ApiDeps } from './context.ts';
import { responses } from './responses.ts';
import { RunParams } from './run-params.ts';

/** CancelRun, for a scope of its own: any body is read and thrown away, because clients in the field send `{}` or worse. */
export function registerCancelRun(app: ApiInstance, deps: ApiDeps): void {
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', async ({ raw }) => {
    // What is no type at all would be refused before it gets to the parser.
    delete raw.headers['content-type'];
  });
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
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
      const runId = request.params.run_id;
      const principal = principalOf(request);
      if (!isRunId(runId)) throw new WesError('run_not_found', `run ${runId} was not found`);
      await deps.runs.cancel(runId, {
        name: principal.name,
        mayManage: (run) => canSee(principal, run),
      });
      deps.onChange?.(runId);
      return { run_id: runId };
    },
  );
}
