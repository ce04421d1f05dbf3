import { isTerminal } from '../runs/state.ts';
import { listCaches, removeCache, removeLeftovers, touchCache, type Cache } from './caches.ts';
import type { DaemonParts } from './daemon-deps.ts';
import { messageOf } from './interruption.ts';

export type CacheParts = Pick<DaemonParts, 'store' | 'removals' | 'logger'>;

/** Notes that the caches of the runs under this daemon's lease are in use. */
export async function touchCaches(
  parts: Pick<DaemonParts, 'store' | 'settings' | 'logger' | 'now'>,
  daemonId: string,
): Promise<void> {
  const { store, settings, now, logger } = parts;
  for (const { runId } of await store.listLeased(daemonId)) {
    await touchCache(settings.cacheRoot, runId, now()).catch((error: unknown) => {
      logger.warn({ run_id: runId, reason: messageOf(error) }, 'cache not marked as used');
    });
  }
}

/** Removes the caches of this machine that are to go (see `cachesToGo`); gives their number. */
export async function removeCaches(
  parts: CacheParts,
  root: string,
  usedBefore: number,
  isStopping: () => boolean = () => false,
): Promise<number> {
  await removeLeftovers(root);
  let removed = 0;
  for await (const cache of cachesToGo(parts, root, usedBefore)) {
    if (isStopping()) break;
    try {
      if (!(await removeCache(root, cache))) continue;
      removed += 1;
      parts.logger.info({ cache: cache.name, runs: cache.runIds.length }, 'cache removed');
    } catch (error) {
      const facts = { cache: cache.name, reason: messageOf(error) };
      parts.logger.warn(facts, 'cache not removed');
    }
  }
  return removed;
}

/**
 * Those that were last used before a time, and those of which all runs were removed; never one of a run
 * that has not ended.
 */
export async function* cachesToGo(
  parts: CacheParts,
  root: string,
  usedBefore: number,
): AsyncGenerator<Cache> {
  for (const cache of await listCaches(root)) {
    const uses = await Promise.all(cache.runIds.map((runId) => useBy(parts, runId)));
    if (uses.includes('live')) continue;
    const areAllRemoved = uses.every((use) => use === 'removed');
    if (areAllRemoved || cache.usedAt < usedBefore) yield cache;
  }
}

async function useBy(
  { store, removals }: CacheParts,
  runId: string,
): Promise<'live' | 'ended' | 'removed' | 'unknown'> {
  const run = await store.getRunState(runId);
  if (run !== undefined) return isTerminal(run.state) ? 'ended' : 'live';
  return (await removals.isRemoved(runId)) ? 'removed' : 'unknown';
}
