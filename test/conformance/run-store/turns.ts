import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ConcurrencyLimits, RunStore } from '../../../src/runs/run-store.ts';
import { newRun, runIn, uniqueName } from '../../support/sample-runs.ts';

/** Whose turn it is: priority, then fair shares, then age; within limits. */
export function describeTurns(store: () => RunStore): void {
  async function queue(engine: string, fields: Parameters<typeof newRun>[0]): Promise<string> {
    const run = newRun({ engine, ...fields });
    await store().createRun(run);
    return run.runId;
  }

  async function claimRun(engine: string, limits?: ConcurrencyLimits) {
    return store().claimRun({
      daemonId: randomUUID(),
      executor: 'local',
      at: Date.now(),
      engines: [{ engine, versions: ['1'] }],
      ...(limits && { limits }),
    });
  }

  async function claimAll(engine: string, limits?: ConcurrencyLimits): Promise<readonly string[]> {
    const runIds: string[] = [];
    for (;;) {
      const run = await claimRun(engine, limits);
      if (!run) return runIds;
      runIds.push(run.runId);
    }
  }

  describe('the turn of a run', () => {
    test('goes by priority before age, across engines and versions', async () => {
      const engine = uniqueName('engine');
      const owner = uniqueName('owner');
      const old = await queue(engine, { owner });
      const low = await queue(engine, { owner, priority: -10 });
      const request = { workflowEngine: engine, workflowEngineVersion: '1' };
      const versioned = await queue(engine, { owner, request });
      const urgent = await queue(engine, { owner, priority: 10 });
      expect(await claimAll(engine)).toEqual([urgent, old, versioned, low]);
    });

    test('goes to the owner who has the fewest runs under a lease', async () => {
      const engine = uniqueName('engine');
      const [busy, idle] = [uniqueName('busy'), uniqueName('idle')];
      const many: string[] = [];
      for (let index = 0; index < 5; index += 1) many.push(await queue(engine, { owner: busy }));
      const first = await claimRun(engine);
      const second = await claimRun(engine);
      expect([first?.runId, second?.runId]).toEqual(many.slice(0, 2));
      const late = [await queue(engine, { owner: idle }), await queue(engine, { owner: idle })];
      const rest = await claimAll(engine);
      // Two of each are under a lease then, and the older goes first.
      expect(rest).toEqual([...late, ...many.slice(2)]);
    });

    test('of one run behind a thousand of somebody else is the next', async () => {
      const engine = uniqueName('engine');
      const owner = uniqueName('busy');
      await Promise.all(Array.from({ length: 1000 }, () => queue(engine, { owner })));
      await claimRun(engine);
      const single = await queue(engine, { owner: uniqueName('idle') });
      expect((await claimRun(engine))?.runId).toBe(single);
    }, 120_000);

    test('comes to each of very many owners', async () => {
      const engine = uniqueName('engine');
      const owners = Array.from({ length: 620 }, () => uniqueName('owner'));
      await Promise.all(owners.map((owner) => queue(engine, { owner })));
      const taken = new Set(await claimAll(engine));
      expect(taken.size).toBe(owners.length);
    }, 120_000);
  });

  describe('limits of runs at once', () => {
    test('of an owner pass over the owner, whatever the priority, until a run ends', async () => {
      const engine = uniqueName('engine');
      const [limited, other] = [uniqueName('limited'), uniqueName('other')];
      const limits = { perOwner: 2 };
      for (let index = 0; index < 4; index += 1) {
        await queue(engine, { owner: limited, priority: 5 });
      }
      const modest = await queue(engine, { owner: other, priority: -5 });
      const taken = await claimAll(engine, limits);
      expect(taken).toHaveLength(3);
      expect(taken.at(-1)).toBe(modest);
      const [first = ''] = taken;
      const run = await store().getRun(first);
      const lease = { runId: first, daemonId: run?.leaseOwner ?? '', attempt: 1 };
      await store().moveRun({ ...lease, to: 'SYSTEM_ERROR', at: 1, reason: 'a test' });
      expect(await claimAll(engine, limits)).toHaveLength(1);
    });

    test('of an engine pass over its queues only', async () => {
      const [engine, other] = [uniqueName('engine'), uniqueName('engine')];
      const owner = uniqueName('owner');
      for (let index = 0; index < 3; index += 1) await queue(engine, { owner });
      const free = await queue(other, { owner });
      const claim = {
        daemonId: randomUUID(),
        executor: 'local',
        at: 1,
        engines: [
          { engine, versions: [] },
          { engine: other, versions: [] },
        ],
        limits: { perEngine: { [engine]: 1 } },
      };
      expect(await store().claimRun(claim)).toMatchObject({ engine });
      expect((await store().claimRun(claim))?.runId).toBe(free);
      expect(await store().claimRun(claim)).toBeUndefined();
    });

    test('hold among many that claim at once', async () => {
      const engine = uniqueName('engine');
      const owners = [uniqueName('owner'), uniqueName('owner')];
      for (const owner of owners) {
        for (let index = 0; index < 10; index += 1) await queue(engine, { owner });
      }
      const limits = { perOwner: 3, perEngine: { [engine]: 5 } };
      const claims = await Promise.all(Array.from({ length: 12 }, () => claimAll(engine, limits)));
      expect(claims.flat()).toHaveLength(5);
    });
  });

  describe('the quota of queued runs', () => {
    test('refuses one more, tells an earlier submission again, and holds under many at once', async () => {
      const owner = uniqueName('owner');
      const quota = { maxQueued: 3 };
      const idempotency = { key: 'k', requestDigest: 'd' };
      const first = newRun({ owner, idempotency });
      await store().createRun(first, quota);
      const others = Array.from({ length: 8 }, () => store().createRun(newRun({ owner }), quota));
      const results = await Promise.allSettled(others);
      const refused = results.filter((result) => result.status === 'rejected');
      expect(refused).toHaveLength(6);
      expect(refused[0]?.reason).toMatchObject({ code: 'quota_exceeded' });
      expect(await store().countRuns({ owner })).toBe(3);
      const again = await store().createRun(newRun({ owner, idempotency }), quota);
      expect(again).toMatchObject({ created: false, runId: first.runId });
      await store().requestCancel(first.runId, 'user:x', 1);
      expect(await store().createRun(newRun({ owner }), quota)).toEqual({ created: true });
    });
  });

  describe('the position in the queue', () => {
    test('is the number of claims until the run’s own', async () => {
      const engine = uniqueName('engine');
      const [busy, idle] = [uniqueName('busy'), uniqueName('idle')];
      const runIds: string[] = [];
      for (let index = 0; index < 4; index += 1) runIds.push(await queue(engine, { owner: busy }));
      await claimRun(engine);
      for (let index = 0; index < 3; index += 1) {
        runIds.push(await queue(engine, { owner: idle }));
      }
      runIds.push(await queue(engine, { owner: busy, priority: 3 }));
      const waiting = runIds.slice(1);
      const positions = new Map<string, number>();
      for (const runId of waiting) {
        const found = await store().getQueuePosition(runId);
        expect(found?.isAtLeast).toBe(false);
        positions.set(runId, found?.position ?? 0);
      }
      const order = waiting.toSorted((a, b) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0));
      expect(order).toEqual(await claimAll(engine));
      expect(await store().getQueuePosition(waiting[0] ?? '')).toBeUndefined();
    });

    test('is told of queued runs only', async () => {
      const { run } = await runIn(store(), 'RUNNING');
      expect(await store().getQueuePosition(run.runId)).toBeUndefined();
      expect(await store().getQueuePosition('no\0run')).toBeUndefined();
    });
  });
}
