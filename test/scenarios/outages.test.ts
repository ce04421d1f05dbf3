import { expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { testDatabases } from '../support/databases.ts';
import { endOf, reaches, submitFake } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, untilPrinted } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { startTcpProxy, throughPort } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

for (const { name, missing, create } of testDatabases) {
  if (name === 'SQLite') continue; // no network in between
  describeWith(`The service while ${name} is away`, missing, () => {
    async function setUp() {
      const fresh = await create();
      const direct = await openDatabase(fresh.url);
      await direct.migrate();
      await direct.close();
      const proxy = await startTcpProxy(Number(new URL(fresh.url).port));
      const deployment = await TestDeployment.create({
        EXECUTOR: 'fake',
        DATABASE_URL: throughPort(fresh.url, proxy.port),
        DATABASE_TIMEOUT: '1',
        DAEMON_POLL_INTERVAL: '0.2',
        DAEMON_HEARTBEAT: '0.5',
        DAEMON_LEASE: '60',
      });
      const tearDown = async () => {
        proxy.restore();
        await deployment.close();
        await proxy.close();
        await fresh.drop();
      };
      return { proxy, deployment, tearDown };
    }

    test('answers 503, keeps engines at work, and records their end when it is back', async () => {
      const { proxy, deployment, tearDown } = await setUp();
      try {
        const api = deployment.start(['serve']);
        const daemon = deployment.start(['daemon']);
        const address = await addressOf(api);
        const client = clientFor(address);
        const status = (id: string) => fetch(`${address}/ga4gh/wes/v1/runs/${id}/status`);
        await untilPrinted(daemon, 'fake 1.0');
        const runId = await submitFake(client, { seconds: 2, outputs: { 'a.txt': 'a' } });
        await reaches(client, runId, 'RUNNING');
        for (const fail of [() => proxy.cut(), () => proxy.hang()]) {
          fail();
          const answer = await status(runId);
          expect(answer.status).toBe(503);
          expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
          const submission = submitFake(client, { seconds: 0 });
          await expect(submission).rejects.toMatchObject({ status: 503 });
          proxy.restore();
          await until(async () => (await status(runId)).status === 200);
        }
        const end = await endOf(client, runId);
        expect(end.state).toBe('COMPLETE');
        expect(end.run_log?.system_logs?.join('\n')).not.toContain('QUEUED: attempt');
        expect((await client.listRuns({})).items).toHaveLength(1);
      } finally {
        await tearDown();
      }
    });

    test('is waited for at the start, by processes that can be stopped meanwhile', async () => {
      const { proxy, deployment, tearDown } = await setUp();
      try {
        proxy.cut();
        const [api, daemon] = [deployment.start(['serve']), deployment.start(['daemon'])];
        const impatient = deployment.start(['daemon']);
        for (const one of [api, daemon, impatient]) {
          await until(() => one.stderr().includes('database is away'), { timeoutMs: 60_000 });
        }
        impatient.signal('SIGTERM');
        expect(await impatient.ended).toBe(0);
        proxy.restore();
        const client = clientFor(await addressOf(api));
        await untilPrinted(daemon, 'fake 1.0');
        const runId = await submitFake(client, { seconds: 0 });
        expect((await endOf(client, runId)).state).toBe('COMPLETE');
      } finally {
        await tearDown();
      }
    });
  });
}
