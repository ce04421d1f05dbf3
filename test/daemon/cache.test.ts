import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { removeCaches, touchCaches } from '../../src/daemon/cache-retention.ts';
import { listCaches } from '../../src/daemon/caches.ts';
import { decodeJobId } from '../../src/executors/local/local-job.ts';
import { outputKey } from '../../src/runs/storage-keys.ts';
import { openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const cached = { engineParameters: { cache: 'true' } };

/** Says how many runs used its cache before. */
const COUNTING = 'ls "$CACHE" | wc -l > "$OUTPUTS/before"; touch "$CACHE/$(date +%s%N)"';

describe('the cache of a run', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('local');
  });
  afterEach(() => service.close());

  const completed = async (script: string, options = {}): Promise<string> => {
    const runId = await service.submit(script, {}, options);
    await service.reached(runId, 'COMPLETE');
    return runId;
  };
  const usedBefore = async (runId: string) =>
    Number(await service.stored(outputKey(await service.run(runId), 'before')));
  const caches = (): Promise<readonly string[]> => readdir(service.cacheRoot).catch(() => []);
  /** By a daemon to which it is some days later. */
  const areLeft = async (days: number, left: readonly string[]) => {
    const daemon = await service.startDaemon({
      now: () => Date.now() + days * DAY_MS,
      settings: { keepCachesDays: 7, maxConcurrentRuns: 1 },
    });
    await until(async () => (await caches()).join() === left.toSorted().join());
    await daemon.stop('handover');
  };
  const removeUnused = (days: number) =>
    removeCaches(service.daemonDeps(), service.cacheRoot, Date.now() - days * DAY_MS);

  test('is there only for a run that asks for one', async () => {
    await service.startDaemon();
    await completed('test -z "$CACHE"');
    await completed('test -z "$CACHE"', { engineParameters: { cache: 'false' } });
    expect(await caches()).toEqual([]);
    const runId = await completed('test -d "$CACHE"', cached);
    expect(await caches()).toEqual([runId]);
  });

  test('is that of the run which it repeats, and of nobody else', async () => {
    await service.startDaemon();
    const first = await completed(COUNTING, cached);
    const second = await completed(COUNTING, { ...cached, rerunOf: first });
    const third = await completed(COUNTING, { ...cached, rerunOf: second });
    const other = await completed(COUNTING, cached);
    const counts = await Promise.all([first, second, third, other].map(usedBefore));
    expect(counts).toEqual([0, 1, 2, 0]);
  });

  test('is there again at the next attempt', async () => {
    await service.startDaemon();
    const script = `${COUNTING}; test "$(cat "$OUTPUTS/before")" = 1 || { touch "$CACHE/.waits"; sleep 600; }`;
    const runId = await service.submit(script, {}, cached);
    const run = await service.reached(runId, 'RUNNING');
    await until(() => existsSync(join(service.cacheRoot, runId, '.waits')));
    process.kill(-decodeJobId(run.jobId ?? '').pid, 'SIGKILL');
    await service.reached(runId, 'COMPLETE');
    expect((await service.run(runId)).attempt).toBe(2);
    expect(await usedBefore(runId)).toBe(1);
  });

  test('that can’t be made keeps no run from its work, and its history tells', async () => {
    await writeFile(service.cacheRoot, 'in the way');
    await service.startDaemon();
    const runId = await completed('test -z "$CACHE"', cached);
    const reasons = (await service.store.listEvents(runId)).map(({ reason }) => reason);
    expect(reasons).toContain('engine started without a cache, which could not be opened');
    expect(service.log.map(({ msg }) => msg)).toContain('cache not opened');
  });

  test('is removed when it was not used for its days, but never while a run of it has not ended', async () => {
    const daemon = await service.startDaemon({ settings: { maxConcurrentRuns: 1 } });
    await completed('true', cached);
    const first = await completed('true', cached);
    const live = await service.submit('sleep 600', {}, { ...cached, rerunOf: first });
    await service.reached(live, 'RUNNING');
    await daemon.stop('handover');
    expect(await removeUnused(7)).toBe(0);
    await areLeft(8, [first, live]);
    expect(await removeUnused(-30)).toBe(0);
    expect(await caches()).toEqual([first, live].toSorted());
    await service.cancel(live);
    await service.startDaemon();
    await service.reached(live, 'CANCELED');
  });

  test('counts as used as long as a run of it is in the hands of a daemon', async () => {
    await service.startDaemon();
    const runId = await service.submit('sleep 600', {}, cached);
    const { leaseOwner = '' } = await service.reached(runId, 'RUNNING');
    const later = Date.now() + DAY_MS;
    const { store, settings, logger } = service.daemonDeps();
    await touchCaches({ store, settings, logger, now: () => later }, leaseOwner);
    expect((await listCaches(service.cacheRoot)).map(({ usedAt }) => usedAt)).toEqual([later]);
    await service.cancel(runId);
    await service.reached(runId, 'CANCELED');
  });

  test('goes with the last of its runs', async () => {
    const daemon = await service.startDaemon();
    const first = await completed('true', cached);
    const second = await completed('true', { ...cached, rerunOf: first });
    await daemon.stop();
    await service.store.removeRun(first, Date.now());
    expect(await removeUnused(7)).toBe(0);
    await service.store.removeRun(second, Date.now());
    await areLeft(0, []);
  });
});
