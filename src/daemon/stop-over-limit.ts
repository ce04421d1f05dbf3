import { removeOutputs } from './collect.ts';
import { stopJob } from './end-job.ts';
import type { JobFollower } from './job-follower.ts';
import { moveTo } from './move.ts';
import { removeRunDirectory } from './remove-directory.ts';
import type { RunContext } from './run-context.ts';

/**
 * Ends a run that took longer than it may, as a cancel would: nothing of it is alive when it is
 * EXECUTOR_ERROR.
 * @throws RunFailure when something could not be stopped
 */
export async function stopOverLimit(
  context: RunContext,
  follower: JobFollower,
  reason: string,
): Promise<void> {
  await stopJob(context);
  await follower.drain('Stopped: the run took longer than it may.');
  await removeOutputs(context);
  await moveTo(context, 'EXECUTOR_ERROR', reason);
  await removeRunDirectory(context, 'EXECUTOR_ERROR');
}
