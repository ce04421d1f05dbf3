import type { Command } from '../runs/command.ts';
import { Interruption, messageOf, RunFailure } from './interruption.ts';
import { moveTo } from './move.ts';
import { persist } from './persist.ts';
import { jobContext, type RunContext } from './run-context.ts';
import type { Staged } from './stage.ts';

/**
 * Has the executor start the command, and the run RUNNING.
 * @throws Interruption `cancel_requested` for a run that was cancelled meanwhile: before the start it
 *   never starts, after it there is a job to stop
 */
export async function startRun(context: RunContext, { command, remark }: Staged): Promise<void> {
  await refuseCancelled(context);
  context.active.checkpoint();
  context.active.jobId = await startJob(context, command);
  await recordStart(context, command, remark);
}

/** The run has a job: it is RUNNING from now on. */
export async function recordStart(
  context: RunContext,
  command: Command,
  remark?: string,
): Promise<void> {
  const { active, installation } = context;
  const reason = remark === undefined ? 'engine started' : `engine started ${remark}`;
  await moveTo(context, 'RUNNING', reason, {
    ...(active.jobId === undefined ? {} : { jobId: active.jobId }),
    command: command.argv,
    engineVersion: installation.version,
  });
}

/** Staging may have taken long, and the next look at the leases may be a while off. */
async function refuseCancelled(context: RunContext): Promise<void> {
  const { active, parts, run } = context;
  const row = await persist(context, () => parts.store.getRunState(run.runId));
  if (row?.state !== 'CANCELING') return;
  active.interrupt('cancel_requested');
  throw new Interruption('cancel_requested');
}

async function startJob(context: RunContext, command: Command): Promise<string> {
  try {
    return await context.parts.executor.start(command, jobContext(context));
  } catch (error) {
    const message = `The engine could not be started: ${messageOf(error)}`;
    throw new RunFailure(message, { cause: error });
  }
}
