import { removeOutputs } from './collect.ts';
import { findJob, stopJob } from './end-job.ts';
import { endStoredTasks } from './end-stored-tasks.ts';
import { Interruption, messageOf, RunFailure } from './interruption.ts';
import type { JobFollower } from './job-follower.ts';
import { moveTo } from './move.ts';
import { removeRunDirectory } from './remove-directory.ts';
import type { RunContext } from './run-context.ts';

/** Ends a run that can't go on: stops its job, saves what can be saved, and says why. */
export async function failRun(
  context: RunContext,
  error: unknown,
  follower?: JobFollower,
): Promise<void> {
  context.logger.error({ err: error }, 'run can not go on');
  const reasons = [reasonOf(error)];
  await findJob(context);
  await stopJob(context).catch((stopError: unknown) => {
    if (messageOf(stopError) !== messageOf(error)) reasons.push(messageOf(stopError));
  });
  await saveRest(context, follower);
  await moveTo(context, 'SYSTEM_ERROR', reasons.join(' '));
  await removeOutputs(context);
  await removeRunDirectory(context, 'SYSTEM_ERROR');
}

/** Best effort: whatever failed the run may stand in the way of this too. */
async function saveRest(context: RunContext, follower?: JobFollower): Promise<void> {
  try {
    await follower?.drain('The run failed before the end of this task was told.');
    await endStoredTasks(context, 'The run failed before the end of this task was told.');
  } catch (error) {
    if (error instanceof Interruption) throw error;
    context.logger.warn({ err: error }, 'rest of the run not saved');
  }
}

/** Messages of errors that nobody foresaw may hold anything, and stay in the log. */
function reasonOf(error: unknown): string {
  if (error instanceof RunFailure) return error.message;
  return "The service failed to execute the run; the daemon's log says more.";
}
