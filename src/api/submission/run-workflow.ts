import type { FastifyRequest } from 'fastify';
import type { Principal } from '../../auth/principal.ts';
import { WesError } from '../../runs/errors.ts';
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
    if (!(error instanceof UncertainSubmission)) await discard(runId, deps);
    throw error instanceof UncertainSubmission ? error.cause : error;
  }
}

async function receiveForm(request: FastifyRequest, runId: string, deps: ApiDeps): Promise<Form> {
  if (request.isMultipart()) return receiveMultipart(request, runId, deps);
  return formOfBody(request.body);
}

/** The database failed in the middle and can't be asked: the run may be there, and need its attachments. */
class UncertainSubmission extends Error {}

async function submit(
  { runs, store }: ApiDeps,
  submission: Parameters<ApiDeps['runs']['submit']>[0],
): Promise<SubmitResult> {
  try {
    return await runs.submit(submission);
  } catch (error) {
    if (error instanceof WesError && error.code !== 'unavailable') throw error;
    const { runId } = submission;
    const row = await store.getRunState(runId).catch(() => 'unknown' as const);
    if (row === 'unknown') throw new UncertainSubmission('not known', { cause: error });
    if (row === undefined) throw error;
    return { runId, created: true };
  }
}

async function discard(runId: string, { storage, logger }: ApiDeps): Promise<void> {
  try {
    await storage.deletePrefix(runPrefix(runId));
  } catch (error) {
    logger.error({ err: error, run_id: runId }, 'attachments of a refused run not removed');
  }
}
