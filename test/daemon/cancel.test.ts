import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readProcess } from '../../src/executors/process-stat.ts';
import { openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

describe('cancelling', () => {
  let service: TestService;
  afterEach(() => service.close());

  describe('with real processes', () => {
    beforeEach(async () => {
      service = await openService('local');
    });

    test('a queued run never starts', async () => {
      const runId = await service.submit('echo started');
      expect(await service.cancel(runId)).toBe('CANCELED');
      await service.startDaemon();
      await service.reached(await service.submit('true'), 'COMPLETE');
      expect(await service.states(runId)).toEqual(['QUEUED', 'CANCELED']);
      expect(await service.runLog(runId, 'stdout')).toBeUndefined();
    });

    test('a run that ignores SIGTERM and has grandchildren leaves no process within ten seconds', async () => {
      const daemon = await service.startDaemon({ settings: { cancelGraceSeconds: 3 } });
      const runId = await service.submit(`
        trap '' TERM INT HUP; task_started a stubborn; echo $$ >> pids
        sh -c 'trap "" TERM; echo $$ >> pids; setsid sh -c "echo \\$\\$ >> pids; while :; do sleep 1; done"; true'`);
      const file = join(service.workRoot, runId, '1/execution/pids');
      const pids = await until(async () => {
        const text = await readFile(file, 'utf8').catch(() => '');
        const found = text.trim().split('\n').map(Number);
        return found.length === 3 && found;
      });
      await service.reached(runId, 'RUNNING');
      expect(await service.cancel(runId)).toBe('CANCELING');
      daemon.wake();
      await service.reached(runId, 'CANCELED', 10_000);
      const left = await Promise.all(pids.map(readProcess));
      expect(left.filter((one) => one?.alive)).toEqual([]);
      const [task] = await service.tasks(runId);
      expect(task?.endedAt).toBeDefined();
      expect(task?.systemLogs.join()).toContain('cancelled');
      await until(() => !existsSync(join(service.workRoot, runId)));
    });

    test('a running run keeps what it had written', async () => {
      await service.startDaemon();
      const runId = await service.submit('echo before; sleep 600');
      await service.reached(runId, 'RUNNING');
      const stdout = join(service.workRoot, runId, '1/stdout');
      await until(async () => (await readFile(stdout, 'utf8')) === 'before\n');
      await service.cancel(runId);
      const run = await service.reached(runId, 'CANCELED');
      expect(run.leaseOwner).toBeUndefined();
      expect(await service.runLog(runId, 'stdout')).toBe('before\n');
      const states = ['QUEUED', 'INITIALIZING', 'RUNNING', 'CANCELING', 'CANCELED'];
      expect(await service.states(runId)).toEqual(states);
    });

    test('a run whose outputs the storage does not take waits for no storage', async () => {
      const { storage } = service.daemonDeps();
      const put: typeof storage.put = (key, body) =>
        key.includes('/outputs/') ? Promise.reject(new Error('away')) : storage.put(key, body);
      const daemon = await service.startDaemon({
        storage: { ...storage, put },
        settings: { storageRetryPausesMs: [600_000] },
      });
      const runId = await service.submit('echo made > $OUTPUTS/made.txt');
      await until(() => service.log.some(({ msg }) => msg === 'storage failed'));
      await service.cancel(runId);
      daemon.wake();
      await service.reached(runId, 'CANCELED');
    });

    test('a run that is being staged never starts', async () => {
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const { storage } = service.daemonDeps();
      await service.startDaemon({
        storage: {
          ...storage,
          get: async (key, range) => {
            await gate;
            return storage.get(key, range);
          },
        },
      });
      const runId = await service.submit('echo started', { 'a.txt': 'a' });
      await service.reached(runId, 'INITIALIZING');
      expect(await service.cancel(runId)).toBe('CANCELING');
      release();
      await service.reached(runId, 'CANCELED');
      expect(await service.states(runId)).not.toContain('RUNNING');
      expect(await service.runLog(runId, 'stdout')).toBeUndefined();
      await until(() => !existsSync(join(service.workRoot, runId)));
    });

    test('a run whose outputs are being stored has none afterwards', async () => {
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      let isStoring = false;
      const { storage } = service.daemonDeps();
      await service.startDaemon({
        storage: {
          ...storage,
          put: async (key, body) => {
            isStoring = true;
            await gate;
            return storage.put(key, body);
          },
        },
      });
      const runId = await service.submit('echo a > $OUTPUTS/a.txt');
      await until(() => isStoring);
      await service.cancel(runId);
      release();
      const run = await service.reached(runId, 'CANCELED');
      expect(run.outputs).toBeUndefined();
      await until(async () => (await service.output(runId, 'a.txt')) === undefined);
    });
  });

  describe('with simulated execution', () => {
    beforeEach(async () => {
      service = await openService('fake');
    });

    test('is told as SYSTEM_ERROR when something could not be stopped', async () => {
      await service.startDaemon();
      const runId = await service.submit({ seconds: 600, unstoppable: true });
      await service.reached(runId, 'RUNNING');
      await service.cancel(runId);
      await service.reached(runId, 'SYSTEM_ERROR');
      expect(await service.reason(runId)).toContain('could not be stopped');
    });

    test('a run that ignores the stop signal ends with the grace time', async () => {
      await service.startDaemon();
      const runId = await service.submit({ seconds: 600, ignore_cancel_seconds: 600 });
      await service.reached(runId, 'RUNNING');
      await service.cancel(runId);
      await service.reached(runId, 'CANCELED');
    });

    test('many runs at once leaves every one of them CANCELED', async () => {
      await service.startDaemon({ settings: { maxConcurrentRuns: 20 } });
      const runIds = await Promise.all(
        Array.from({ length: 30 }, () => service.submit({ seconds: 600 })),
      );
      await until(async () => (await service.store.countByState()).RUNNING >= 5);
      await Promise.all(runIds.map((runId) => service.cancel(runId)));
      for (const runId of runIds) await service.reached(runId, 'CANCELED');
    });
  });
});
