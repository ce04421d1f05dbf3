import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { newRun, uniqueName } from '../../support/sample-runs.ts';

export function describeClaiming(store: () => RunStore): void {
  const claim = (engine: string, ...versions: string[]) =>
    store().claimRun({
      daemonId: randomUUID(),
      executor: 'local',
      at: 42,
      engines: [
        { engine: uniqueName('other'), versions: [] },
        { engine, versions },
      ],
    });

  describe('claimRun', () => {
    test('takes the oldest run first and gives the whole of it', async () => {
      const engine = uniqueName('engine');
      const runs = [newRun({ engine }), newRun({ engine, request: { tags: { a: 'b' } } })];
      for (const run of runs.toReversed()) await store().createRun(run);
      const first = await claim(engine, '1');
      expect(first?.runId).toBe(runs[0]?.runId);
      const second = await claim(engine, '1');
      expect(second).toEqual({
        ...(await store().getRun(runs[1]?.runId ?? '')),
        request: runs[1]?.request,
        state: 'INITIALIZING',
        attempt: 1,
        executor: 'local',
      });
      expect(await claim(engine, '1')).toBeUndefined();
    });

    test('leaves runs for other engines and for other versions', async () => {
      const engine = uniqueName('engine');
      const request = { workflowEngine: engine, workflowEngineVersion: '2.0' };
      const insisting = newRun({ engine, request });
      const free = newRun({ engine });
      await store().createRun(insisting);
      await store().createRun(free);
      expect(await claim(uniqueName('engine'), '2.0')).toBeUndefined();
      expect((await claim(engine, '1.0'))?.runId).toBe(free.runId);
      expect(await claim(engine, '1.0')).toBeUndefined();
      expect(await claim(engine)).toBeUndefined();
      expect((await claim(engine, '1.0', '2.0'))?.runId).toBe(insisting.runId);
    });

    test('finds runs behind a long queue of what it can’t execute', async () => {
      const engine = uniqueName('engine');
      const request = { workflowEngine: engine, workflowEngineVersion: '9' };
      for (let index = 0; index < 20; index += 1) {
        await store().createRun(newRun({ engine, request }));
      }
      const last = newRun({ engine });
      await store().createRun(last);
      expect((await claim(engine, '1'))?.runId).toBe(last.runId);
    });

    test('gives each run to one of many that ask at once, and none is left', async () => {
      const engine = uniqueName('engine');
      const runs = Array.from({ length: 60 }, () => newRun({ engine }));
      await Promise.all(runs.map((run) => store().createRun(run)));
      const taken: string[] = [];
      const takeAll = async () => {
        for (;;) {
          const run = await claim(engine, '1');
          if (!run) return;
          taken.push(run.runId);
        }
      };
      await Promise.all(Array.from({ length: 8 }, takeAll));
      expect(taken.toSorted()).toEqual(runs.map((run) => run.runId).toSorted());
    });

    test('gives nothing to a daemon without engines', async () => {
      await store().createRun(newRun());
      const offer = { daemonId: randomUUID(), executor: 'local', at: 1, engines: [] };
      expect(await store().claimRun(offer)).toBeUndefined();
    });
  });
}
