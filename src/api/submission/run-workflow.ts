import type { FastifyRequest } from 'fastify';
import { checkFieldSizes, readRunRequest } from '../../runs/request-rules.ts';
import type { RunId } from '../../wes/runs.ts';
import { callerOf, type ApiDeps } from '../context.ts';
import { formOfBody } from './body.ts';
import type { Form } from './form.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { receiveMultipart } from './multipart.ts';
import { submitNewRun } from './new-run.ts';

/** Submits a run as the request asks for it. When this fails nothing stays behind. */
export async function runWorkflow(
  request: FastifyRequest,
  runId: string,
  deps: ApiDeps,
): Promise<RunId> {
  const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
  return submitNewRun(deps, runId, async () => {
    const form = await receiveForm(request, runId, deps);
    checkFieldSizes(form.fields, deps.settings.maxRequestFieldBytes);
    return {
      caller: callerOf(request),
      request: readRunRequest(form.fields),
      attachments: form.attachments,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    };
  });
}

async function receiveForm(request: FastifyRequest, runId: string, deps: ApiDeps): Promise<Form> {
  if (request.isMultipart()) return receiveMultipart(request, runId, deps);
  return formOfBody(request.body);
}
