import { RunId } from '../../wes/runs.ts';
import type { ApiInstance } from '../api-instance.ts';
import { callerOf, type ApiDeps } from '../context.ts';
import { responses } from '../responses.ts';
import { runIdIn, RunParams } from '../run-params.ts';

const tags = ['Workflow Runs'];

/** PauseRun and ResumeRun. */
export function registerPauseRun(app: ApiInstance, deps: ApiDeps): void {
  register(app, deps, {
    action: 'pause',
    operationId: 'PauseRun',
    description:
      'Halts a running run: it is PAUSED as soon as none of its processes runs any more. One that is PAUSED stays so. An addition to WES 1.1.',
  });
  register(app, deps, {
    action: 'resume',
    operationId: 'ResumeRun',
    description: 'Lets a paused run go on. One that is RUNNING stays so. An addition to WES 1.1.',
  });
}

interface Operation {
  readonly action: 'pause' | 'resume';
  readonly operationId: string;
  readonly description: string;
}

function register(
  app: ApiInstance,
  deps: ApiDeps,
  { action, operationId, description }: Operation,
): void {
  const schema = {
    operationId,
    summary: operationId,
    description,
    tags,
    params: RunParams,
    response: responses(RunId, 'The run.', [401, 403, 404, 409]),
  };
  app.post(
    `${deps.settings.apiPrefix}/runs/:run_id/${action}`,
    { schema },
    async function setPaused(request) {
      const runId = runIdIn(request.params);
      await deps.runs.setPaused(runId, action === 'pause', callerOf(request));
      deps.onChange?.(runId);
      return { run_id: runId };
    },
  );
}
