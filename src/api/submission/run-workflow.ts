import type { FastifyRequest } from 'fastify';
import type { Principal } from '../../auth/principal.ts';
import { OutcomeUnknownError } from '../../runs/errors.ts';
import { checkFieldSizes, readRunRequest } from '../../runs/request-rules.ts';
import type { SubmitResult } from '../../runs/run-service.ts';
import { runPrefix } from '../../runs/storage-keys.ts';
import type { RunId } from '../../wes/runs.ts';
import type { ApiDeps } from '../context.ts';
import { formOfBody } from './body.ts';
import type { Form } from './form.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { receiveMultipart } from './multipart.ts';

/**
 * Submits a run. When this fails nothing stays behind: no row, and nothing in storage below the run's
 * prefix.
 */
export async function runWorkflow(
  request: FastifyRequest,
  principal: Principal,
  runId: string,
  deps: ApiDeps,
): Promise<RunId> {
  const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
  try {
    const form = await receiveForm(request, runId, deps);
    checkFieldSizes(form.fields, deps.settings.maxRequestFieldBytes);
    const result = await submit(deps, {
      runId,
      owner: principal.name,
      request: readRunRequest(form.fields),
      attachments: form.attachments,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
    if (result.created) deps.onChange?.(runId);
    else await discard(runId, deps);
    return { run_id: result.runId };
  } catch (error) {
    if (error instanceof OutcomeUnknownError) keep(runId, deps);
    else await discard(runId, deps);
    throw error;
  }
}

async function receiveForm(request: FastifyRequest, runId: string, deps: ApiDeps): Promise<Form> {
  if (request.isMultipart()) return receiveMultipart(request, runId, deps);
  return formOfBody(request.body);
}

async function submit(
  { runs, store }: ApiDeps,
  submission: Parameters<ApiDeps['runs']['submit']>[0],
): Promise<SubmitResult> {
  try {
    return await runs.submit(submission);
  } catch (error) {
    if (!(error instanceof OutcomeUnknownError)) throw error;
    const { runId } = submission;
    const row = await store.getRunState(runId).catch(() => 'unknown' as const);
    if (row === 'unknown') throw error;
    if (row === undefined) throw error.asNotWritten();
    return { runId, created: true };
  }
}

/** The run may be there, and need its attachments. */
function keep(runId: string, { logger }: ApiDeps): void {
  logger.error({ run_id: runId }, 'attachments kept of a run that may not exist');
}

async function discard(runId: string, { storage, logger }: ApiDeps): Promise<void> {
  try {
    await storage.deletePrefix(runPrefix(runId));
  } catch (error) {
    logger.error({ err: error, run_id: runId }, 'attachments of a refused run not removed');
  }
}
