import { v7 as newRunId } from 'uuid';
import { RunId } from '../../wes/runs.ts';
import type { ApiInstance } from '../api-instance.ts';
import { callerOf, findVisibleRun, type ApiDeps } from '../context.ts';
import { responses } from '../responses.ts';
import { RunParams } from '../run-params.ts';
import { readIdempotencyKey } from '../submission/idempotency-key.ts';
import { submitNewRun } from '../submission/new-run.ts';
import { SUBMISSION_HEADERS } from '../submission/submission-schema.ts';
import { copyAttachments } from './copy-attachments.ts';

export function registerRerun(app: ApiInstance, deps: ApiDeps): void {
  const schema = {
    operationId: 'RerunRun',
    summary: 'RerunRun',
    description:
      'Submits the request of a run again, with copies of its attachments, as a new run of the caller; the first may be in any state. An addition to WES 1.1.',
    tags: ['Workflow Runs'],
    params: RunParams,
    headers: SUBMISSION_HEADERS,
    response: responses(RunId, 'The new run.', [400, 401, 403, 404, 409, 422, 429]),
  };
  // The key is checked by the rule that RunWorkflow has.
  app.post(
    `${deps.settings.apiPrefix}/runs/:run_id/rerun`,
    { schema, validatorCompiler: () => () => true },
    async function rerun(request) {
      const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
      const origin = await findVisibleRun(deps, request, request.params.run_id);
      const runId = newRunId();
      return submitNewRun(deps, runId, async () => ({
        caller: callerOf(request),
        request: origin.request,
        attachments: await copyAttachments(origin.runId, runId, deps),
        rerunOf: origin.runId,
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      }));
    },
  );
}
