import { collectOutputs } from './collect.ts';
import { endLeftovers } from './end-job.ts';
import type { JobFollower } from './job-follower.ts';
import { moveTo } from './move.ts';
import { removeRunDirectory } from './remove-directory.ts';
import type { RunContext } from './run-context.ts';

/**
 * Brings a run whose job ended to its terminal state, which is written last: whoever sees it finds
 * logs, tasks and outputs complete.
 */
export async function finishRun(
  context: RunContext,
  follower: JobFollower,
  exitCode: number,
): Promise<void> {
  await endLeftovers(context);
  await follower.drain('The run ended before the end of this task was told.');
  const { state, reason } = await context.engine.classify(exitCode, context.directory);
  const collected = state === 'COMPLETE' ? await collectOutputs(context) : {};
  await moveTo(context, state, reason, { exitCode, ...collected });
  await removeRunDirectory(context, state);
}
