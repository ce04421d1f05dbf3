import { offersOf } from '../engines/detect.ts';
import type { Run } from '../runs/run.ts';
import type { DaemonParts } from './daemon-deps.ts';

/**
 * Takes the run whose turn it is among those that can be executed here: the run is INITIALIZING and under this
 * daemon's lease then. Undefined when there is none.
 */
export async function claimRun(parts: DaemonParts, daemonId: string): Promise<Run | undefined> {
  const { store, executor, engines, now, logger, settings } = parts;
  const limits = settings.concurrencyLimits;
  const run = await store.claimRun({
    daemonId,
    executor: executor.name,
    at: now(),
    engines: offersOf(engines),
    ...(limits && { limits }),
  });
  if (!run) return undefined;
  const { runId, attempt, engine } = run;
  const facts = { run_id: runId, from: 'QUEUED', to: run.state, engine, executor: executor.name };
  logger.info({ ...facts, daemon_id: daemonId, attempt }, 'run claimed');
  return run;
}
