import { describe, expect, test } from 'vitest';
import { describeWith } from '../support/suite.ts';
import { openService } from '../support/daemon.ts';
import { testDatabases } from '../support/databases.ts';
import { until } from '../support/until.ts';

const DAEMONS = 6;
const RUNS = 400;

describe('many daemons on one database', () => {
  for (const databases of testDatabases) {
    describeWith(`on ${databases.name}`, databases.missing, () => {
      test('execute each of 400 runs exactly once', { timeout: 120_000 }, async () => {
        const service = await openService('fake', databases);
        try {
          const submissions = Array.from({ length: RUNS }, () => service.submit({ stdout: 'x' }));
          const runIds = await Promise.all(submissions);
          await Promise.all(
            Array.from({ length: DAEMONS }, () =>
              service.spawnDaemon({ pollIntervalMs: 250, leaseSeconds: 60, maxConcurrentRuns: 8 }),
            ),
          );
          await until(async () => (await service.store.countByState()).COMPLETE === RUNS, {
            timeoutMs: 100_000,
          });
          expect((await service.marks()).sort()).toEqual(runIds.map((id) => `${id}.1`).sort());
        } finally {
          await service.close();
        }
      });
    });
  }
});
