import { removeCaches, touchCaches } from './cache-retention.ts';
import type { DaemonParts } from './daemon-deps.ts';
import { removeDue } from './removal-sweep.ts';
import { MS_PER_DAY, removeEnded, removeLogs } from './retention.ts';
import { removeStaleDirectories } from './stale-directories.ts';

/** Puts in order what nobody else does: leftovers on this machine, then storage, then what is too old. Never rejects. */
export async function sweep(
  parts: DaemonParts,
  daemonId: string,
  isStopping: () => boolean,
): Promise<void> {
  const steps = [
    () => removeStaleDirectories(parts),
    () => touchCaches(parts, daemonId),
    () => removeUnusedCaches(parts, isStopping),
    () => removeTooOld(parts, daemonId, isStopping),
    () => removeDue(parts, isStopping),
  ];
  for (const step of steps) {
    try {
      if (!isStopping()) await step();
    } catch (error) {
      parts.logger.warn({ err: error }, 'sweep not completed');
    }
  }
}

async function removeUnusedCaches(parts: DaemonParts, isStopping: () => boolean): Promise<void> {
  const { settings, now } = parts;
  const { cacheRoot, keepCachesDays = 0 } = settings;
  const usedBefore = keepCachesDays > 0 ? now() - keepCachesDays * MS_PER_DAY : 0;
  await removeCaches(parts, cacheRoot, usedBefore, isStopping);
}

async function removeTooOld(
  parts: DaemonParts,
  daemonId: string,
  isStopping: () => boolean,
): Promise<void> {
  const { settings, now } = parts;
  const { keepRunsDays = 0, keepLogsDays = 0 } = settings;
  if (keepRunsDays > 0) {
    await removeEnded(parts, { endedBefore: now() - keepRunsDays * MS_PER_DAY }, isStopping);
  }
  if (keepLogsDays > 0) {
    const selection = { endedBefore: now() - keepLogsDays * MS_PER_DAY };
    await removeLogs(parts, selection, `daemon:${daemonId}`, isStopping);
  }
}
