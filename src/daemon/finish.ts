import type { ExitedJob } from '../executors/executor.ts';
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
  { code: exitCode, outOfMemory }: ExitedJob,
): Promise<void> {
  await endLeftovers(context);
  await follower.drain('The run ended before the end of this task was told.');
  const { state, reason } =
    outOfMemory === true
      ? outOfMemoryEnd(context)
      : await context.engine.classify(exitCode, context.directory);
  const collected = state === 'COMPLETE' ? await collectOutputs(context) : {};
  await moveTo(context, state, reason, { exitCode, ...collected });
  await removeRunDirectory(context, state);
}

/** Whatever the engine made of it: what it lost was killed, and its own words would blame the tool. */
function outOfMemoryEnd({ parts }: RunContext) {
  const bytes = parts.settings.jobLimits?.memoryBytes;
  const reason = `a process of it was killed because the run was at its memory limit${
    bytes === undefined ? '' : ` of ${bytes} bytes (RUN_MEMORY_LIMIT_BYTES of this service)`
  }`;
  return { state: 'EXECUTOR_ERROR', reason } as const;
}
