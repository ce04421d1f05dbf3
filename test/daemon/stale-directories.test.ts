import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeJobId } from '../../src/executors/local/local-job.ts';
import { isRunning } from '../../src/executors/process-stat.ts';
import { killed, openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

describe('what dead daemons left on the machine', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('local');
  });
  afterEach(() => service.close());

  async function abandonedRun(): Promise<{ runId: string; pid: number; start: string }> {
    const daemon = await service.spawnDaemon({ leaseSeconds: 600 });
    const runId = await service.submit('sleep 600');
    const run = await service.reached(runId, 'RUNNING');
    await killed(daemon);
    const { pid, start } = decodeJobId(run.jobId ?? '');
    return { runId, pid, start };
  }

  async function endElsewhere(runId: string): Promise<void> {
    const { leaseOwner = '', attempt } = await service.run(runId);
    const lease = { runId, daemonId: leaseOwner, attempt };
    const move = { to: 'SYSTEM_ERROR', at: Date.now(), reason: 'given up elsewhere' } as const;
    expect(await service.store.moveRun({ ...lease, ...move })).toBe(true);
  }

  test('is ended and removed when the run went on, or ended, elsewhere', async () => {
    const { runId, pid, start } = await abandonedRun();
    await endElsewhere(runId);
    await service.startDaemon();
    await until(() => !existsSync(join(service.workRoot, runId)));
    expect(await isRunning(pid, start)).toBe(false);
  });

  test('is found also by a daemon that has been at work for long', async () => {
    await service.startDaemon({ settings: { leaseSeconds: 0.5, heartbeatSeconds: 0.1 } });
    const done = await service.submit('exit 0');
    await service.reached(done, 'COMPLETE');
    await until(() => !existsSync(join(service.workRoot, done)));
    // As if a daemon had died in the moment between the end and the removal.
    await mkdir(join(service.workRoot, done, '1', 'tmp'), { recursive: true });
    await until(() => !existsSync(join(service.workRoot, done)), { timeoutMs: 20_000 });
  });

  test('is ended but not removed where work directories are kept', async () => {
    const { runId, pid, start } = await abandonedRun();
    await endElsewhere(runId);
    await service.startDaemon({ settings: { keepWorkDirectories: 'failed' } });
    await until(async () => !(await isRunning(pid, start)));
    expect(existsSync(join(service.workRoot, runId, '1'))).toBe(true);
  });

  test('is left alone when the database does not know the run, or it is no run at all', async () => {
    const unknown = join(service.workRoot, randomUUID(), '1');
    const other = join(service.workRoot, 'lost+found', 'notes');
    await mkdir(unknown, { recursive: true });
    await mkdir(other, { recursive: true });
    const daemon = await service.startDaemon();
    await daemon.stop();
    expect(existsSync(unknown)).toBe(true);
    expect(existsSync(other)).toBe(true);
  });
});
