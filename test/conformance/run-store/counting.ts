import { describe, expect, test } from 'vitest';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { claim, newRun, runIn, uniqueName } from '../../support/sample-runs.ts';

export function describeCounting(store: () => RunStore): void {
  describe('counts', () => {
    test('hold a change that the same process made just before', async () => {
      const owner = uniqueName('owner');
      for (let created = 1; created <= 5; created += 1) {
        await store().createRun(newRun({ owner }));
        expect(await store().countRuns({ owner })).toBe(created);
      }
    });

    test('by state follow each move', async () => {
      const engine = uniqueName('engine');
      const before = await store().countByState();
      await store().createRun(newRun({ engine }));
      expect((await store().countByState()).QUEUED).toBe(before.QUEUED + 1);
      await claim(store(), engine);
      const after = await store().countByState();
      expect(after.QUEUED).toBe(before.QUEUED);
      expect(after.INITIALIZING).toBe(before.INITIALIZING + 1);
    });

    test('by state name every state', async () => {
      await runIn(store(), 'PREEMPTED');
      const counts = await store().countByState();
      expect(Object.keys(counts)).toHaveLength(10);
      expect(counts.PREEMPTED).toBeGreaterThan(0);
      expect(counts.PAUSED).toBeTypeOf('number');
    });
  });
}
