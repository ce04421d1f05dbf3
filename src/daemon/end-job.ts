import { messageOf, RunFailure } from './interruption.ts';
import { jobContext, type RunContext } from './run-context.ts';
import { readStagedCommand } from './staged-command.ts';

/**
 * Looks for a job that was started by a daemon which then could not write that down; the run has it
 * as its job afterwards.
 */
export async function findJob(context: RunContext): Promise<void> {
  const { active, parts, directory } = context;
  if (active.jobId !== undefined) return;
  const command = await readStagedCommand(directory);
  if (command) active.jobId = await parts.executor.find(command, jobContext(context));
}

/**
 * Stops the job if there is one.
 * @throws RunFailure that says what could not be stopped
 */
export async function stopJob({ active, parts }: RunContext): Promise<void> {
  if (active.jobId === undefined) return;
  const graceSeconds = parts.settings.cancelGraceSeconds;
  try {
    await parts.executor.cancel(active.jobId, { graceSeconds });
  } catch (error) {
    throw new RunFailure(`The job could not be stopped: ${messageOf(error)}`, { cause: error });
  }
}

/** Ends what an ended job left running; that this fails is no reason to fail the run. */
export async function endLeftovers({ active, parts, logger }: RunContext): Promise<void> {
  if (active.jobId === undefined) return;
  try {
    await parts.executor.cleanup(active.jobId);
  } catch (error) {
    logger.error({ err: error, job_id: active.jobId }, 'leftovers of the job not ended');
  }
}

/** Ends a job whose run has no use for it any more. */
export async function endJobForGood(context: RunContext): Promise<void> {
  try {
    await findJob(context);
    await stopJob(context);
  } catch (error) {
    context.logger.error({ err: error, job_id: context.active.jobId }, 'abandoned job not ended');
  }
}
