import { endLeftovers } from './end-job.ts';
import { endStoredTasks } from './end-stored-tasks.ts';
import { RunFailure } from './interruption.ts';
import { moveTo } from './move.ts';
import { removeRunDirectory } from './remove-directory.ts';
import type { RunContext } from './run-context.ts';

/** The run was tried as often as it may be. */
export class NoAttemptLeft extends RunFailure {}

/**
 * Gives a run whose attempt came to nothing back to the queue.
 * @throws NoAttemptLeft
 */
export async function requeueRun(context: RunContext, reason: string): Promise<void> {
  const { parts, run } = context;
  await endLeftovers(context);
  const { maxAttempts } = parts.settings;
  if (run.attempt >= maxAttempts) {
    throw new NoAttemptLeft(`Attempt ${run.attempt} of ${maxAttempts} came to nothing: ${reason}.`);
  }
  // Should there be no other attempt, nobody else would end them.
  await endStoredTasks(context, 'Ended: the attempt came to nothing.');
  await giveBack(context, `attempt ${run.attempt} came to nothing: ${reason}`);
}

/** The run waits in the queue again, as if this daemon had never had it. */
export async function giveBack(context: RunContext, reason: string): Promise<void> {
  await moveTo(context, 'QUEUED', reason);
  await removeRunDirectory(context, 'QUEUED');
}
