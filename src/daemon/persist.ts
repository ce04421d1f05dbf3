import { setTimeout as delay } from 'node:timers/promises';
import { WesError } from '../runs/errors.ts';
import { Interruption, RunFailure } from './interruption.ts';
import type { RunContext } from './run-context.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const MOST_ATTEMPTS = 5;

/**
 * Repeats a write to the database until it succeeds or the lease is lost: a database that is away for
 * a while costs no run. When it keeps refusing the write while it takes the heartbeats, the fault is
 * the write's own, and its error is thrown.
 */
export async function persist<T>(context: RunContext, write: () => Promise<T>): Promise<T> {
  const { active, presence, parts, logger } = context;
  const failingSince = parts.monotonicNow();
  for (let attempt = 1, pauseMs = FIRST_PAUSE_MS; ; attempt += 1) {
    active.assertLease();
    try {
      return await write();
    } catch (error) {
      if (error instanceof Interruption) throw error;
      if (error instanceof WesError && error.code === 'too_large') throw tooLarge(error);
      const isAtFault = attempt >= MOST_ATTEMPTS && presence.beatSentAt > failingSince;
      if (isAtFault) throw error;
      logger.warn({ err: error }, 'database write failed');
    }
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** However often it is tried, the database will not take it. */
function tooLarge(cause: WesError): RunFailure {
  const message =
    'What was to be recorded of the run (its outputs, or a task) is larger than the database takes in one statement; see max_allowed_packet of the database.';
  return new RunFailure(message, { cause });
}
