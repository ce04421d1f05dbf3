import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDaemon } from '../../src/daemon/daemon.ts';
import { openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

describe('a daemon that is stopped', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('fake');
  });
  afterEach(() => service.close());

  test('waits for its runs, cancels among them too, and claims no more', async () => {
    const daemon = await service.startDaemon({ settings: { drain: 'wait' } });
    const short = await service.submit({ seconds: 0.5 });
    const long = await service.submit({ seconds: 600 });
    await service.reached(short, 'RUNNING');
    await service.reached(long, 'RUNNING');
    const stopped = daemon.stop();
    const late = await service.submit({});
    await service.reached(short, 'COMPLETE');
    await service.cancel(long);
    await stopped;
    expect((await service.run(long)).state).toBe('CANCELED');
    expect((await service.run(late)).state).toBe('QUEUED');
    expect(await service.registry.list()).toEqual([]);
  });

  test('leaves its runs after all when it is told a second time to hand over', async () => {
    const daemon = await service.startDaemon({ settings: { drain: 'wait' } });
    const runId = await service.submit({ seconds: 600 });
    await service.reached(runId, 'RUNNING');
    const stopped = daemon.stop();
    await daemon.stop('handover');
    await stopped;
    expect((await service.run(runId)).state).toBe('RUNNING');
  });

  test('gives back a run that it had not started', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { storage } = service.daemonDeps();
    const daemon = await service.startDaemon({
      storage: {
        ...storage,
        get: async (key, range) => {
          await gate;
          return storage.get(key, range);
        },
      },
    });
    const runId = await service.submit({}, { 'a.txt': 'a' });
    await service.reached(runId, 'INITIALIZING');
    const stopped = daemon.stop('handover');
    open();
    await stopped;
    expect((await service.run(runId)).state).toBe('QUEUED');
    expect(await service.marks()).toEqual([]);
  });

  test('was never started: there is nothing to do', async () => {
    await expect(createDaemon(service.daemonDeps()).stop()).resolves.toBeUndefined();
  });
});

describe('a daemon whose database fails now and then', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('fake');
  });
  afterEach(() => service.close());

  test('goes on when it is back, and loses no run', async () => {
    const { store } = service.daemonDeps();
    let calls = 0;
    const flaky =
      <A extends readonly unknown[], R>(method: (...args: A) => Promise<R>) =>
      (...args: A): Promise<R> => {
        calls += 1;
        return calls % 7 === 0 ? Promise.reject(new Error('away')) : method(...args);
      };
    await service.startDaemon({
      store: {
        ...store,
        claimRun: flaky(store.claimRun),
        listLeased: flaky(store.listLeased),
        moveRun: flaky(store.moveRun),
        saveTasks: flaky(store.saveTasks),
        listAttachments: flaky(store.listAttachments),
      },
    });
    const work = { tasks: [{ name: 'a' }] };
    const runIds = await Promise.all(Array.from({ length: 6 }, () => service.submit(work)));
    for (const runId of runIds) await service.reached(runId, 'COMPLETE');
    expect((await service.marks()).length).toBe(6);
  });

  test('takes a move for made whose answer was lost', async () => {
    const { store } = service.daemonDeps();
    await service.startDaemon({
      store: {
        ...store,
        moveRun: async (move) => {
          const moved = await store.moveRun(move);
          if (moved) throw new Error('the connection broke after the commit');
          return moved;
        },
      },
    });
    const runId = await service.submit({ outputs: { a: 'a' } });
    await service.reached(runId, 'COMPLETE');
    await until(async () => (await readdir(service.workRoot)).length === 0);
    expect(await service.marks()).toEqual([`${runId}.1`]);
  });

  test('fails a run whose end the database refuses, and says so', async () => {
    const { store } = service.daemonDeps();
    await service.startDaemon({
      store: {
        ...store,
        moveRun: (move) =>
          move.to === 'COMPLETE' ? Promise.reject(new Error('too large')) : store.moveRun(move),
      },
      settings: { heartbeatSeconds: 0.1 },
    });
    const runId = await service.submit({ outputs: { a: 'a' } });
    await service.reached(runId, 'SYSTEM_ERROR');
    await until(async () => (await service.output(runId, 'a')) === undefined);
  });
});

describe('a daemon whose storage fails', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('fake');
  });
  afterEach(() => service.close());

  test('tries again, and completes the run when storage is back', async () => {
    const { storage } = service.daemonDeps();
    let failures = 2;
    await service.startDaemon({
      storage: {
        ...storage,
        put: (key, body) => {
          if (failures > 0) return Promise.reject(new Error(`away ${(failures -= 1)}`));
          return storage.put(key, body);
        },
      },
    });
    const runId = await service.submit({ outputs: { a: 'a' } });
    await service.reached(runId, 'COMPLETE');
    expect(await service.output(runId, 'a')).toBe('a');
  });

  test('ends a run whose outputs it can not store with SYSTEM_ERROR and no outputs', async () => {
    const { storage } = service.daemonDeps();
    await service.startDaemon({
      storage: {
        ...storage,
        put: (key, body) =>
          key.endsWith('/b') ? Promise.reject(new Error('full')) : storage.put(key, body),
      },
    });
    const runId = await service.submit({ outputs: { a: 'a', b: 'b' } });
    const run = await service.reached(runId, 'SYSTEM_ERROR');
    expect(run.outputs).toBeUndefined();
    expect(await service.reason(runId)).toContain("'b' could not be stored");
    await until(async () => (await service.output(runId, 'a')) === undefined);
  });

  test('ends a run whose logs it can not store with SYSTEM_ERROR', async () => {
    const { storage } = service.daemonDeps();
    await service.startDaemon({
      storage: { ...storage, append: () => Promise.reject(new Error('full')) },
    });
    const runId = await service.submit({ stdout: 'hello' });
    await service.reached(runId, 'SYSTEM_ERROR');
    expect(await service.reason(runId)).toContain('logs could not be stored');
  });
});
