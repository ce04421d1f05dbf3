import { removeOutputs } from './collect.ts';
import { findJob, stopJob } from './end-job.ts';
import { JobFollower } from './job-follower.ts';
import { moveTo } from './move.ts';
import { removeRunDirectory } from './remove-directory.ts';
import type { RunContext } from './run-context.ts';

/**
 * Carries out a cancel: CANCELED means that nothing of the run is alive.
 * @throws RunFailure when something could not be stopped
 */
export async function cancelRun(context: RunContext, follower?: JobFollower): Promise<void> {
  await findJob(context);
  await stopJob(context);
  const { jobId } = context.active;
  if (jobId !== undefined) {
    await (follower ?? new JobFollower(context, jobId)).drain('Stopped: the run was cancelled.');
  }
  await moveTo(context, 'CANCELED', 'nothing of it runs any more');
  await removeOutputs(context);
  await removeRunDirectory(context, 'CANCELED');
}
