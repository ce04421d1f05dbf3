import { runPrefix } from '../runs/storage-keys.ts';
import type { DaemonParts } from './daemon-deps.ts';

export type SweepParts = Pick<DaemonParts, 'store' | 'removals' | 'storage' | 'logger' | 'now'>;

const RUNS_AT_ONCE = 100;
/** How long a removal is remembered, so that machines which were away remove their directories too. */
const REMEMBERED_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Removes from storage what is due: of runs that were removed, and of uploads that no run came of. What
 * fails is due again at the next sweep. Any number of daemons may do it at the same time.
 */
export async function removeDue(parts: SweepParts, isStopping: () => boolean): Promise<void> {
  const { removals, now } = parts;
  for (let removed = 1; removed > 0 && !isStopping();) {
    removed = 0;
    for (const runId of await removals.begin(now(), RUNS_AT_ONCE)) {
      if (isStopping()) return;
      if (await removeFromStorage(parts, runId)) removed += 1;
    }
  }
  await removals.forget(now() - REMEMBERED_MS);
}

async function removeFromStorage(
  { storage, removals, logger, now }: SweepParts,
  runId: string,
): Promise<boolean> {
  try {
    await storage.deletePrefix(runPrefix(runId));
  } catch (error) {
    logger.warn({ err: error, run_id: runId }, 'files of a removed run not removed');
    return false;
  }
  await removals.finish(runId, now());
  return true;
}
