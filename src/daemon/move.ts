import type { RunChanges } from '../runs/run-store.ts';
import type { StoredState } from '../runs/state.ts';
import { Interruption } from './interruption.ts';
import { persist } from './persist.ts';
import type { RunContext } from './run-context.ts';

const MESSAGES: Readonly<Record<StoredState, string>> = {
  QUEUED: 'run given back',
  INITIALIZING: 'run claimed',
  RUNNING: 'run started',
  PAUSED: 'run paused',
  COMPLETE: 'run completed',
  EXECUTOR_ERROR: 'run failed',
  SYSTEM_ERROR: 'run failed by the system',
  CANCELING: 'run cancel requested',
  CANCELED: 'run canceled',
  PREEMPTED: 'run preempted',
};

/**
 * Moves the run under its lease and logs the move.
 * @throws Interruption `cancel_requested` when the run is CANCELING and may not move there,
 *   `lease_lost` when somebody else holds it
 */
export async function moveTo(
  context: RunContext,
  to: StoredState,
  reason: string,
  changes: RunChanges = {},
): Promise<void> {
  const { active, parts } = context;
  const move = { ...active.lease, to, reason, changes };
  const moved = await persist(context, () => parts.store.moveRun({ ...move, at: parts.now() }));
  if (!moved) await explainRefusal(context, to);
  logMove(context, to);
  active.state = to;
}

/** Returns when the move had been made after all and only its answer was lost. */
async function explainRefusal(context: RunContext, to: StoredState): Promise<void> {
  const { active, parts, run } = context;
  const now = await persist(context, () => parts.store.getRun(run.runId));
  const isSameAttempt = now?.attempt === run.attempt;
  const isOurs = isSameAttempt && now.leaseOwner === active.lease.daemonId;
  if (isSameAttempt && now.state === to && (isOurs || now.leaseOwner === undefined)) return;
  const reason = isOurs && now.state === 'CANCELING' ? 'cancel_requested' : 'lease_lost';
  active.interrupt(reason);
  throw new Interruption(reason);
}

function logMove(context: RunContext, to: StoredState): void {
  const { active, logger, parts, begunAt } = context;
  const facts = { from: active.state, to, job_id: active.jobId };
  const durationMs = Math.round(parts.monotonicNow() - begunAt);
  logger.info({ ...facts, duration_ms: durationMs }, MESSAGES[to]);
}
