import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createDaemon } from '../../src/daemon/daemon.ts';
import { killed, openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

describe('limits of runs', () => {
  let service: TestService;
  afterEach(() => service.close());

  test('a run that takes longer than the service allows is stopped, and says by which limit', async () => {
    service = await openService('local');
    await service.startDaemon({ settings: { runTimeoutSeconds: 1 } });
    const runId = await service.submit('task_started a slow; sleep 600');
    await until(async () => (await service.run(runId)).endedAt !== undefined);
    expect((await service.run(runId)).state).toBe('EXECUTOR_ERROR');
    expect(await service.reason(runId)).toContain('after 1 seconds');
    expect(await service.reason(runId)).toContain('RUN_TIMEOUT');
    const [task] = await service.tasks(runId);
    expect(task?.endedAt).toBeDefined();
  });

  test('its own timeout counts where it is shorter, also after its daemon died', async () => {
    service = await openService('local');
    const first = await service.spawnDaemon({ runTimeoutSeconds: 600 });
    const engineParameters = { timeout: '3' };
    const runId = await service.submit('sleep 600', {}, { engineParameters });
    await service.reached(runId, 'RUNNING');
    await killed(first);
    await service.startDaemon({ settings: { runTimeoutSeconds: 600 } });
    await until(async () => (await service.run(runId)).endedAt !== undefined, {
      timeoutMs: 30_000,
    });
    expect(await service.reason(runId)).toContain('workflow_engine_parameters.timeout');
    const run = await service.run(runId);
    expect((run.endedAt ?? 0) - (run.startedAt ?? 0)).toBeGreaterThanOrEqual(2900);
  });

  test('the time in which it was PAUSED does not count', async () => {
    service = await openService('fake');
    const daemon = await service.startDaemon({ settings: { runTimeoutSeconds: 3 } });
    const runId = await service.submit({ seconds: 1.5 });
    await service.reached(runId, 'RUNNING');
    await service.pause(runId);
    daemon.wake();
    await service.reached(runId, 'PAUSED');
    const pausedAt = Date.now();
    await until(() => Date.now() - pausedAt > 4000);
    await service.pause(runId, false);
    daemon.wake();
    await service.reached(runId, 'COMPLETE');
  });

  test('the reason of the stop is not lost with the daemon that stopped it', async () => {
    service = await openService('local');
    const first = await service.spawnDaemon();
    const runId = await service.submit('sleep 600');
    const { jobId = '' } = await service.reached(runId, 'RUNNING');
    await killed(first);
    // What that daemon does before it stops the job, and what is left of the job then.
    await writeFile(join(service.workRoot, runId, '1/over-limit'), 'stopped after 1 seconds');
    const { executor } = service.daemonDeps();
    await executor.cancel(jobId, { graceSeconds: 1 });
    await service.startDaemon();
    await service.reached(runId, 'EXECUTOR_ERROR');
    expect(await service.reason(runId)).toBe('stopped after 1 seconds');
  });

  test('a job that can not be looked at for a while goes on, one for too long fails its run', async () => {
    service = await openService('fake');
    let ahead = 0;
    let failures = 0;
    let mayLook = false;
    const { executor } = service.daemonDeps();
    const poll: typeof executor.poll = async (jobId) => {
      if (mayLook) return executor.poll(jobId);
      failures += 1;
      throw new Error('no space left on device');
    };
    const daemon = createDaemon({
      ...service.daemonDeps({
        executor: { ...executor, poll },
        settings: { leaseSeconds: 600, heartbeatSeconds: 100 },
      }),
      monotonicNow: () => performance.now() + ahead,
    });
    await daemon.start();
    const first = await service.submit({ seconds: 0.1 });
    await until(() => failures > 25);
    expect((await service.run(first)).state).toBe('RUNNING');
    mayLook = true;
    await service.reached(first, 'COMPLETE');
    mayLook = false;
    const second = await service.submit({ seconds: 600 });
    const before = failures;
    await until(() => failures > before);
    ahead = 61_000;
    await service.reached(second, 'SYSTEM_ERROR');
    await daemon.stop();
  });

  test('a run that finds the disk full when it is to be started waits for room', async () => {
    service = await openService('fake');
    const { executor } = service.daemonDeps();
    const deps = service.daemonDeps({
      settings: { minFreeDiskBytes: 1 },
      executor: {
        ...executor,
        start: () => {
          Object.assign(deps.settings, { minFreeDiskBytes: Number.MAX_SAFE_INTEGER });
          return Promise.reject(new Error('no space left on device'));
        },
      },
    });
    const short = createDaemon(deps);
    await short.start();
    const runId = await service.submit({ seconds: 0 });
    short.wake();
    await until(async () => (await service.reason(runId)).includes('the disk was full'));
    expect((await service.run(runId)).state).toBe('QUEUED');
    await short.stop();
    await service.startDaemon();
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 2 });
  });

  test('one that was killed for its memory says so and names the limit', async () => {
    service = await openService('fake');
    await service.startDaemon({ settings: { jobLimits: { memoryBytes: 123_456 } } });
    const runId = await service.submit({ out_of_memory: true });
    await service.reached(runId, 'EXECUTOR_ERROR');
    expect(await service.reason(runId)).toContain('123456 bytes');
  });

  test('no run begins while the disk is nearly full', async () => {
    service = await openService('fake');
    const full = await service.startDaemon({
      settings: { minFreeDiskBytes: Number.MAX_SAFE_INTEGER },
    });
    const runId = await service.submit({ seconds: 0 });
    full.wake();
    await until(() => service.log.some(({ msg }) => msg === 'disk nearly full, no run claimed'));
    full.wake();
    expect((await service.run(runId)).state).toBe('QUEUED');
    expect(service.log.filter(({ level }) => level === 50)).toHaveLength(1);
    await service.startDaemon({ settings: { minFreeDiskBytes: 1 } });
    await service.reached(runId, 'COMPLETE');
  });

  test('one run of a second user starts while a thousand of the first wait', async () => {
    service = await openService('fake');
    for (let batch = 0; batch < 10; batch += 1) {
      const hundred = Array.from({ length: 100 }, () =>
        service.submit({ seconds: 0.05 }, {}, { owner: 'first' }),
      );
      await Promise.all(hundred);
    }
    await service.startDaemon({ settings: { maxConcurrentRuns: 2 } });
    await until(async () => (await service.store.countByState()).COMPLETE > 0);
    const runId = await service.submit({ seconds: 0 }, {}, { owner: 'second' });
    const started = await service.store.countRuns({ owner: 'first', states: ['QUEUED'] });
    await service.reached(runId, 'COMPLETE');
    const left = await service.store.countRuns({ owner: 'first', states: ['QUEUED'] });
    // Counts may be as old as their cache; a thousand would have been behind without fair shares.
    expect(left).toBeGreaterThan(500);
    expect(started - left).toBeLessThan(100);
    expect((await service.store.getRunState(runId))?.owner).toBe('second');
  }, 60_000);

  test('users at their limit leave the slots to others, across daemons', async () => {
    service = await openService('fake');
    const owner = randomUUID();
    const runIds: string[] = [];
    for (let index = 0; index < 6; index += 1) {
      runIds.push(await service.submit({ seconds: 0.3 }, {}, { owner }));
    }
    const settings = { concurrencyLimits: { perOwner: 2 }, maxConcurrentRuns: 4 };
    await service.startDaemon({ settings });
    await service.startDaemon({ settings });
    for (const runId of runIds) await service.reached(runId, 'COMPLETE', 30_000);
    const moves = [];
    for (const runId of runIds) moves.push(...(await service.store.listEvents(runId)));
    const changes = moves
      .filter(({ to, from }) => to === 'INITIALIZING' || (to === 'COMPLETE' && from !== to))
      .map(({ at, to }) => ({ at, step: to === 'COMPLETE' ? -1 : 1 }))
      .sort((a, b) => a.at - b.at || a.step - b.step);
    let atOnce = 0;
    const most = Math.max(...changes.map(({ step }) => (atOnce += step)));
    expect(most).toBeLessThanOrEqual(2);
  });
});
