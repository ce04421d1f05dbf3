import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { LATER, claim, claimedRun, newRun, runIn, uniqueName } from '../../support/sample-runs.ts';

export function describeLeases(store: () => RunStore): void {
  describe('leases', () => {
    test('of a daemon are listed with state and job while it holds them', async () => {
      const engine = uniqueName('engine');
      const daemonId = randomUUID();
      for (let index = 0; index < 3; index += 1) await store().createRun(newRun({ engine }));
      const claims = [];
      for (let index = 0; index < 3; index += 1)
        claims.push(await claim(store(), engine, daemonId));
      const [waiting, running, ended] = claims.map(({ lease }) => lease);
      if (!waiting || !running || !ended) throw new Error('Three were claimed.');
      const changes = { jobId: 'job' };
      await store().moveRun({ ...running, to: 'RUNNING', at: 1, reason: '', changes });
      await store().moveRun({ ...ended, to: 'SYSTEM_ERROR', at: 1, reason: '' });
      expect(await store().listLeased(daemonId)).toEqual([
        { ...waiting, state: 'INITIALIZING', pauseRequested: false },
        { ...running, state: 'RUNNING', jobId: 'job', pauseRequested: false },
      ]);
      expect(await store().listLeased(randomUUID())).toEqual([]);
    });

    test('name all daemons that hold any', async () => {
      const held = await runIn(store(), 'CANCELING');
      const over = await runIn(store(), 'COMPLETE');
      const owners = await store().listLeaseOwners();
      expect(owners).toContain(held.lease.daemonId);
      expect(owners).not.toContain(over.lease.daemonId);
      expect(new Set(owners).size).toBe(owners.length);
    });
  });

  describe('takeOver', () => {
    test('moves a lease and leaves state, attempt and job; the old holder can do nothing', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      const before = await store().getRun(run.runId);
      const newOwner = randomUUID();
      expect(await store().takeOver(run.runId, lease, newOwner, LATER)).toBe(true);
      expect(await store().getRun(run.runId)).toEqual({ ...before, leaseOwner: newOwner });
      const move = { ...lease, to: 'COMPLETE', at: 1, reason: '' } as const;
      expect(await store().moveRun(move)).toBe(false);
      expect(await store().moveRun({ ...move, daemonId: newOwner })).toBe(true);
      const remark = (await store().listEvents(run.runId))[3];
      expect(remark).toMatchObject({ at: LATER, from: 'RUNNING', to: 'RUNNING' });
      expect(remark?.actor).toBe(`daemon:${newOwner}`);
    });

    test('is won by one of many', async () => {
      const { run, lease } = await claimedRun(store());
      const takers = Array.from({ length: 8 }, () => randomUUID());
      const results = await Promise.all(
        takers.map((taker) => store().takeOver(run.runId, lease, taker, 1)),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      const winner = takers[results.indexOf(true)];
      expect((await store().getRun(run.runId))?.leaseOwner).toBe(winner);
    });

    test('fails for a lease of an earlier attempt and for one that ended', async () => {
      const { run, lease } = await runIn(store(), 'COMPLETE');
      expect(await store().takeOver(run.runId, lease, randomUUID(), 1)).toBe(false);
      const held = await claimedRun(store());
      const earlier = { ...held.lease, attempt: 0 };
      expect(await store().takeOver(held.run.runId, earlier, randomUUID(), 1)).toBe(false);
    });
  });
}
