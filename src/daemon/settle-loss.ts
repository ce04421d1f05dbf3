import type { Run } from '../runs/run.ts';
import { isTerminal } from '../runs/state.ts';
import { endJobForGood } from './end-job.ts';
import { removeRunDirectory } from './remove-directory.ts';
import type { RunContext } from './run-context.ts';

const PAUSE_MS = 2000;

/**
 * After a lease was lost: a job that another daemon on this host goes on with is left as it is, with
 * its files. One that nobody can go on with, because the run is over or goes on elsewhere, is ended.
 */
export async function settleLoss(context: RunContext): Promise<void> {
  const { active, parts, run, logger } = context;
  while (!active.isToLeave) {
    try {
      const now = await parts.store.getRun(run.runId);
      if (await isAbandoned(context, now)) await abandon(context, now);
      return;
    } catch (error) {
      // The database is away, which is why the lease was lost: what became of the run is not known yet.
      logger.warn({ err: error }, 'look at the lost run failed');
    }
    await active.waker.wait(PAUSE_MS);
  }
}

async function isAbandoned(context: RunContext, now: Run | undefined): Promise<boolean> {
  const { parts, presence, run } = context;
  if (now?.attempt !== run.attempt || now.state === 'QUEUED' || isTerminal(now.state)) return true;
  const records = await parts.registry.list();
  const holder = records.find(({ daemonId }) => daemonId === now.leaseOwner);
  return holder !== undefined && holder.host !== presence.host;
}

async function abandon(context: RunContext, now: Run | undefined): Promise<void> {
  await endJobForGood(context);
  await removeRunDirectory(context, now?.state ?? 'QUEUED');
}
