import { OutcomeUnknownError } from '../../runs/errors.ts';
import { runPrefix } from '../../runs/storage-keys.ts';
import type { Submission, SubmitResult } from '../../runs/submit-run.ts';
import type { RunId } from '../../wes/runs.ts';
import type { ApiDeps } from '../context.ts';

/** All of a submission but the id; its attachments are in storage under that id. */
export type StoredSubmission = Omit<Submission, 'runId'>;

/**
 * Submits a run whose attachments `store` brings into storage. When this fails nothing stays behind:
 * no row, and nothing in storage below the run's prefix.
 */
export async function submitNewRun(
  deps: ApiDeps,
  runId: string,
  store: () => Promise<StoredSubmission>,
): Promise<RunId> {
  try {
    const submission = await store();
    const result = await submit(deps, { ...submission, runId });
    if (result.created) deps.onChange?.(runId);
    else await discard(runId, deps);
    return { run_id: result.runId };
  } catch (error) {
    if (error instanceof OutcomeUnknownError) keep(runId, deps);
    else await discard(runId, deps);
    throw error;
  }
}

async function submit({ runs, store }: ApiDeps, submission: Submission): Promise<SubmitResult> {
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
