import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunDirectory } from '../runs/run-directory.ts';
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
  await noteOverLimit(context, reason);
  await stopJob(context);
  await follower.drain('Stopped: the run took longer than it may.');
  await removeOutputs(context);
  await moveTo(context, 'EXECUTOR_ERROR', reason);
  await removeRunDirectory(context, 'EXECUTOR_ERROR');
}

/** Why the job is being stopped, as an earlier daemon left it; undefined when it was not. */
export function readOverLimit(directory: RunDirectory): Promise<string | undefined> {
  return readFile(noteOf(directory), 'utf8').catch(() => undefined);
}

/** A job that was stopped looks like one that was killed: what its end means is written down before. */
async function noteOverLimit({ directory, logger }: RunContext, reason: string): Promise<void> {
  try {
    await writeFile(noteOf(directory), reason);
  } catch (error) {
    logger.warn({ err: error }, 'reason of the stop not noted');
  }
}

function noteOf({ root }: RunDirectory): string {
  return join(root, 'over-limit');
}
