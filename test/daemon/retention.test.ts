import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { v7 as newRunId } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attachmentKey, runPrefix } from '../../src/runs/storage-keys.ts';
import { openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('what is old', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('fake');
  });
  afterEach(() => service.close());

  async function keysOf(runId: string): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const { key } of service.storage.list(runPrefix(runId))) keys.push(key);
    return keys;
  }

  async function completed(): Promise<string> {
    const daemon = await service.startDaemon();
    const runId = await service.submit(
      { seconds: 0, stdout: 'said', outputs: { 'a.txt': 'a' } },
      { 'in.txt': 'in' },
    );
    await service.reached(runId, 'COMPLETE');
    await daemon.stop();
    return runId;
  }

  /** A daemon to which it is some days later. */
  const startLater = (days: number, settings: object) =>
    service.startDaemon({ now: () => Date.now() + days * DAY_MS, settings });

  test('is removed as a run with rows and files, when its days are over, and no run that is alive', async () => {
    const runId = await completed();
    expect((await keysOf(runId)).length).toBeGreaterThan(2);
    const waiting = await service.submit({ seconds: 600 });
    const young = await startLater(6, { keepRunsDays: 7, maxConcurrentRuns: 1 });
    await service.reached(waiting, 'RUNNING');
    await young.stop('handover');
    expect(await service.store.getRun(runId)).toBeDefined();
    await startLater(8, { keepRunsDays: 7, maxConcurrentRuns: 1 });
    await until(async () => (await service.store.getRun(runId)) === undefined);
    await until(async () => (await keysOf(runId)).length === 0);
    expect((await service.run(waiting)).state).toBe('RUNNING');
  });

  test('is removed as logs alone, which the run then says', async () => {
    const runId = await completed();
    expect(await service.runLog(runId, 'stdout')).toBe('said');
    await startLater(8, { keepLogsDays: 7 });
    await until(async () => (await service.run(runId)).logsRemovedAt !== undefined);
    expect(await service.runLog(runId, 'stdout')).toBeUndefined();
    expect(await service.stored(attachmentKey(runId, 'in.txt'))).toBe('in');
    expect(await service.reason(runId)).toBe('logs removed');
  });

  test('is removed as a kept work directory', async () => {
    const runId = await completed();
    const directory = join(service.workRoot, runId, '1');
    await mkdir(directory, { recursive: true });
    const settings = { keepWorkDirectories: 'always', keepWorkDirectoriesDays: 7 };
    const early = await startLater(6, settings);
    const other = await service.submit({ seconds: 0 });
    await service.reached(other, 'COMPLETE');
    await early.stop();
    expect(existsSync(directory)).toBe(true);
    await startLater(8, settings);
    await until(() => !existsSync(directory));
    expect(await service.store.getRun(runId)).toBeDefined();
  });

  test('or given up as an upload, or left by a removal that was cut off, is removed from storage and disk', async () => {
    const upload = newRunId();
    const removed = await completed();
    await service.removals.announceUpload(upload, Date.now() + DAY_MS);
    await service.storage.put(attachmentKey(upload, 'a'), Readable.from(['a']));
    await service.store.removeRun(removed, Date.now());
    await mkdir(join(service.workRoot, removed, '1'), { recursive: true });
    const today = await service.startDaemon();
    await until(async () => (await keysOf(removed)).length === 0);
    await until(() => !existsSync(join(service.workRoot, removed)));
    await today.stop();
    expect(await keysOf(upload)).toHaveLength(1);
    await startLater(2, {});
    await until(async () => (await keysOf(upload)).length === 0);
  });

  test('and can’t be removed from storage is removed by a later sweep', async () => {
    const runId = await completed();
    await service.store.removeRun(runId, Date.now());
    let failures = 2;
    const storage = {
      ...service.storage,
      deletePrefix: (prefix: string) =>
        failures-- > 0
          ? Promise.reject(new Error('no storage'))
          : service.storage.deletePrefix(prefix),
    };
    await service.startDaemon({
      storage,
      settings: { leaseSeconds: 0.5, heartbeatSeconds: 0.1 },
    });
    await until(async () => (await keysOf(runId)).length === 0, { timeoutMs: 30_000 });
    expect(failures).toBeLessThan(0);
  });
});
