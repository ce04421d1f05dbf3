import { setTimeout as delay } from 'node:timers/promises';
import { StorageError } from '../storage/storage.ts';
import type { ActiveRun } from './active-run.ts';
import { Interruption, messageOf, RunFailure } from './interruption.ts';
import type { RunContext } from './run-context.ts';

/** A storage that restarts, or is overloaded, is back within a minute. */
const STORAGE_RETRY_PAUSES_MS: readonly number[] = [200, 1000, 5000, 15_000, 30_000];

/**
 * Repeats work on storage a few times with growing pauses, as long as the lease is held.
 * @throws RunFailure that begins with `failure` when it never succeeds
 * @throws Interruption when one comes in a pause
 */
export async function retryStorage<T>(
  { active, parts, logger }: RunContext,
  failure: string,
  work: () => Promise<T>,
): Promise<T> {
  const pauses = parts.settings.storageRetryPausesMs ?? STORAGE_RETRY_PAUSES_MS;
  const wasInterrupted = active.signal.aborted;
  for (let attempt = 0; ; attempt += 1) {
    active.assertLease();
    try {
      return await work();
    } catch (error) {
      const pauseMs = pauses[attempt];
      if (error instanceof Interruption || error instanceof RunFailure) throw error;
      if (pauseMs === undefined || isHopeless(error)) {
        throw new RunFailure(`${failure}: ${messageOf(error)}`, { cause: error });
      }
      logger.warn({ err: error }, 'storage failed');
      await pause(active, pauseMs, wasInterrupted);
    }
  }
}

/** A cancel, or the end of the daemon, waits for no storage; what is stored because of them takes its time. */
async function pause(active: ActiveRun, pauseMs: number, wasInterrupted: boolean): Promise<void> {
  if (wasInterrupted) {
    await delay(pauseMs);
    return;
  }
  await delay(pauseMs, undefined, { signal: active.signal }).catch(() => undefined);
  active.checkpoint();
}

function isHopeless(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'invalid_key';
}
