import { expect, test, vi } from 'vitest';
import { testDatabases } from '../support/databases.ts';
import { endOf, submitFake } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, untilPrinted } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

for (const { name, missing, create } of testDatabases) {
  if (name === 'SQLite') continue; // every other scenario runs on it
  describeWith(`The service on ${name}`, missing, () => {
    test('two API processes and two daemons share one database', async () => {
      const { url, drop } = await create();
      const deployment = await TestDeployment.create({
        EXECUTOR: 'fake',
        DATABASE_URL: url,
        DAEMON_POLL_INTERVAL: '0.1',
      });
      try {
        expect((await deployment.run(['migrate', '--status'])).code).toBe(1);
        expect((await deployment.run(['migrate'])).code).toBe(0);
        const apis = [deployment.start(['serve']), deployment.start(['serve'])];
        const daemons = [deployment.start(['daemon']), deployment.start(['daemon'])];
        const clients = await Promise.all(apis.map(async (api) => clientFor(await addressOf(api))));
        for (const daemon of daemons) await untilPrinted(daemon, 'fake 1.0');
        const submissions = Array.from({ length: 10 }, (_, index) =>
          submitFake(clients[index % 2] ?? never(), { seconds: 0.1, outputs: { 'a.txt': 'a' } }),
        );
        for (const [index, runId] of (await Promise.all(submissions)).entries()) {
          const other = clients[(index + 1) % 2] ?? never();
          expect((await endOf(other, runId)).state).toBe('COMPLETE');
        }
        const doctor = await deployment.run(['doctor', '--json']);
        expect(doctor.stdout).toContain('2 running');
        expect(doctor.stdout).not.toContain(new URL(url).password || 'no password');
      } finally {
        await deployment.close();
        await drop();
      }
    });
  });
}

function never(): never {
  throw new Error('There are two clients');
}
