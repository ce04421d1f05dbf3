import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import type { WesClient } from '../../src/wes/client.ts';
import { endOf, reaches, submitFake } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, type ServerProcess } from '../support/server.ts';
import { until } from '../support/until.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let deployment: TestDeployment;

beforeEach(async () => {
  deployment = await TestDeployment.create({ EXECUTOR: 'fake', DAEMON_POLL_INTERVAL: '30' });
});
afterEach(async () => {
  await deployment.close();
});

async function startUp(): Promise<{ up: ServerProcess; address: string; client: WesClient }> {
  const up = deployment.start(['up']);
  const address = await addressOf(up);
  return { up, address, client: clientFor(address) };
}

async function childOf(command: string): Promise<number> {
  const [pid] = await until(async () => {
    const pids = await deployment.processes(` ${command}`);
    return pids.length === 1 ? pids : undefined;
  });
  return pid ?? 0;
}

describe('wes up', () => {
  test('makes its database, executes runs, says where it is, and stops with status 0', async () => {
    const { up, client } = await startUp();
    expect(up.stdout()).toMatch(/Brought the database up to date/);
    expect(up.stdout()).toMatch(/Engines +fake 1\.0/);
    expect(up.stdout()).toMatch(/Access +anyone on this machine/);
    const runId = await submitFake(client, { tasks: [{ name: 'a', seconds: 0.1 }] });
    const run = await endOf(client, runId);
    expect(run.state).toBe('COMPLETE');
    up.signal('SIGINT');
    expect(await up.ended).toBe(EXIT.ok);
    expect(await deployment.processes()).toEqual([]);
  });

  test('picks up a new run at once, long before the daemon would look again', async () => {
    const { client } = await startUp();
    const latencies: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const submittedAt = performance.now();
      const runId = await submitFake(client, { seconds: 0.05 });
      await until(async () => (await client.getRunStatus(runId)).state !== 'QUEUED');
      latencies.push(performance.now() - submittedAt);
      await endOf(client, runId);
    }
    const median = latencies.toSorted((one, other) => one - other)[5] ?? Infinity;
    process.stdout.write(`submit to picked up, median of 10: ${median.toFixed(0)} ms\n`);
    // The poll interval is 30 s here: only a wake-up can be faster.
    expect(median).toBeLessThan(5000);
  });

  test('cancels a running run at once as well', async () => {
    const { client } = await startUp();
    const runId = await submitFake(client, { seconds: 600 });
    await reaches(client, runId, 'RUNNING');
    const askedAt = performance.now();
    await client.cancelRun(runId);
    expect((await endOf(client, runId)).state).toBe('CANCELED');
    expect(performance.now() - askedAt).toBeLessThan(10_000);
  });

  test('starts a killed daemon again, and its run completes', async () => {
    const { up, client } = await startUp();
    const runId = await submitFake(client, { seconds: 2, outputs: { 'a.txt': 'a' } });
    await reaches(client, runId, 'RUNNING');
    const killed = await childOf('daemon');
    process.kill(killed, 'SIGKILL');
    const run = await endOf(client, runId);
    expect(run.state).toBe('COMPLETE');
    expect(up.stderr()).toContain('Daemon ended unexpectedly (SIGKILL)');
    expect(await childOf('daemon')).not.toBe(killed);
  });

  test('starts a killed API again at the address that clients know', async () => {
    const { client } = await startUp();
    process.kill(await childOf('serve'), 'SIGKILL');
    const info = await until(() => client.getServiceInfo().catch(() => undefined), {
      timeoutMs: 30_000,
    });
    expect(info.supported_wes_versions).toContain('1.1.0');
  });

  test('leaves no child behind when it is killed itself', async () => {
    const { up } = await startUp();
    await childOf('serve');
    await childOf('daemon');
    up.signal('SIGKILL');
    await up.ended;
    await until(async () => (await deployment.processes()).length === 0, { timeoutMs: 20_000 });
  });

  test('ends at once on a second Ctrl-C', async () => {
    const up = deployment.start(['up', '--set', 'DAEMON_DRAIN=wait']);
    const client = clientFor(await addressOf(up));
    const runId = await submitFake(client, { seconds: 600 });
    await reaches(client, runId, 'RUNNING');
    up.signal('SIGINT');
    await until(() => up.stdout().includes('Ctrl-C again'));
    // Signals that come at once after the first count as one with it.
    await until(() => {
      up.signal('SIGINT');
      return deployment.processes().then((pids) => pids.length === 0);
    });
    expect(await up.ended).toBe(EXIT.interrupted);
  });

  test('says so, and leaves nothing running, when its port is taken', async () => {
    const { address } = await startUp();
    const second = await TestDeployment.create({ EXECUTOR: 'fake' });
    try {
      const { port } = new URL(address);
      const { code, stderr } = await second.run(['up', '--port', port]);
      expect(code).toBe(EXIT.usage);
      expect(stderr).toMatch(/API_PORT: 127\.0\.0\.1:\d+ is in use/);
    } finally {
      await second.close();
    }
  });

  test('refuses to serve everyone without asking for credentials', async () => {
    const { code, stderr } = await deployment.run(['up', '--host', '0.0.0.0']);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('ALLOW_ANONYMOUS_REMOTE');
    expect(await deployment.processes()).toEqual([]);
  });
});
