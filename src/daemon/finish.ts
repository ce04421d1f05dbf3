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
  exited: ExitedJob,
): Promise<void> {
  await endLeftovers(context);
  await follower.drain('The run ended before the end of this task was told.');
  const { state, reason } = await endOf(context, exited);
  const collected = state === 'COMPLETE' ? await collectOutputs(context) : {};
  await moveTo(context, state, reason, { exitCode: exited.code, ...collected });
  await removeRunDirectory(context, state);
}

/** The engine's own words would blame the tool that was killed; where it could do without, nothing failed. */
async function endOf({ engine, directory, parts }: RunContext, { code, outOfMemory }: ExitedJob) {
  const end = await engine.classify(code, directory);
  if (outOfMemory !== true || end.state === 'COMPLETE') return end;
  const bytes = parts.settings.jobLimits?.memoryBytes;
  const limit = bytes === undefined ? '' : ` of ${bytes} bytes (RUN_MEMORY_LIMIT_BYTES)`;
  const killed = `a process of it was killed because the run was at its memory limit${limit}`;
  return { state: 'EXECUTOR_ERROR', reason: `${killed}; ${end.reason}` } as const;
}
