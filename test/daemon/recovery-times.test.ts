import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { killed, openService, type TestService } from '../support/daemon.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

const LEASE_SECONDS = 3;
const SCRIPT = fileURLToPath(new URL('../support/daemon-process.ts', import.meta.url));
/** A pid namespace of its own is another host: nobody can look whether a process in it lives. */
const ELSEWHERE = ['--pid', '--fork', '--mount-proc', '--kill-child'];

function missingNamespaces(): string | undefined {
  try {
    execFileSync('unshare', [...ELSEWHERE, 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'this user can not make a pid namespace';
  }
}

let service: TestService;
beforeEach(async () => {
  service = await openService('fake');
});
afterEach(() => service.close());

/** Kills the holder of the run; gives the milliseconds until another daemon, waiting or made then, holds it. */
async function timeUntilTaken(
  runId: string,
  holder: ChildProcess,
  startAnother?: () => Promise<unknown>,
): Promise<number> {
  const { leaseOwner } = await service.run(runId);
  await killed(holder);
  const start = performance.now();
  await startAnother?.();
  await until(async () => (await service.run(runId)).leaseOwner !== leaseOwner, {
    timeoutMs: 60_000,
  });
  return performance.now() - start;
}

describe('after kill -9 of a daemon', () => {
  const settings = { leaseSeconds: 60, heartbeatSeconds: 1 };

  test('a new one on the same host has its run long before the lease is over', async () => {
    const first = await service.spawnDaemon(settings);
    const runId = await service.submit({ seconds: 600 });
    await service.reached(runId, 'RUNNING');
    const start = () => service.startDaemon({ settings });
    expect(await timeUntilTaken(runId, first, start)).toBeLessThan(15_000);
  });

  test('so has one that was waiting there', async () => {
    const first = await service.spawnDaemon(settings);
    const runId = await service.submit({ seconds: 600 });
    await service.reached(runId, 'RUNNING');
    await service.startDaemon({ settings });
    expect(await timeUntilTaken(runId, first)).toBeLessThan(15_000);
  });
});

describeWith(
  'after kill -9 of a daemon on another host',
  missingNamespaces(),
  () => {
    const settings = { leaseSeconds: LEASE_SECONDS, heartbeatSeconds: 0.3 };
    let far: ChildProcess;
    afterEach(() => killed(far));

    test('one that was waiting has its run within the lease and two seconds, and not before', async () => {
      const argument = JSON.stringify({ ...service.places, settings });
      far = spawn('unshare', [...ELSEWHERE, process.execPath, SCRIPT, argument], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(far.stdout ?? far, 'data');
      const runId = await service.submit({ seconds: 600 });
      await service.reached(runId, 'RUNNING');
      const near = await service.startDaemon({ settings });
      const before = (await service.registry.list()).map(({ beat }) => beat);
      // It has to know the other's beat.
      await until(async () =>
        (await service.registry.list()).every(({ beat }, index) => beat > (before[index] ?? 0) + 2),
      );
      const tookMs = await timeUntilTaken(runId, far);
      expect(tookMs).toBeLessThan((LEASE_SECONDS + 2) * 1000);
      expect(tookMs).toBeGreaterThan((LEASE_SECONDS - 1) * 1000);
      await near.stop('handover');
    });
  },
  { extra: true },
);
