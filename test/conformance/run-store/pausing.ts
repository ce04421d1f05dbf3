import { describe, expect, test } from 'vitest';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { newRun, runIn } from '../../support/sample-runs.ts';

export function describePausing(store: () => RunStore): void {
  const request = (runId: string, pause: boolean) =>
    store().requestPause({ runId, pause, actor: 'user:alice', at: 5 });
  const wishOf = async (runId: string) => (await store().getRun(runId))?.pauseRequested;

  describe('requestPause', () => {
    test('is a wish on a running run with one remark, however often it is asked', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      const lines = (await store().listEvents(run.runId)).length;
      expect(await request(run.runId, true)).toBe('RUNNING');
      expect(await request(run.runId, true)).toBe('RUNNING');
      expect(await wishOf(run.runId)).toBe(true);
      const [leased] = await store().listLeased(lease.daemonId);
      expect(leased).toMatchObject({ state: 'RUNNING', pauseRequested: true });
      const remarks = (await store().listEvents(run.runId)).slice(lines);
      expect(remarks).toMatchObject([
        { from: 'RUNNING', to: 'RUNNING', actor: 'user:alice', reason: 'pause requested' },
      ]);
    });

    test('and its end go with the run through PAUSED', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      await request(run.runId, true);
      await store().moveRun({ ...lease, to: 'PAUSED', at: 6, reason: 'paused' });
      expect(await wishOf(run.runId)).toBe(true);
      expect(await request(run.runId, false)).toBe('PAUSED');
      expect(await wishOf(run.runId)).toBe(false);
      await store().moveRun({ ...lease, to: 'RUNNING', at: 7, reason: 'resumed' });
      expect(await wishOf(run.runId)).toBe(false);
    });

    test('changes nothing of a run in another state, and is over when the work is', async () => {
      const waiting = newRun();
      await store().createRun(waiting);
      expect(await request(waiting.runId, true)).toBe('QUEUED');
      expect(await wishOf(waiting.runId)).toBe(false);
      const { run } = await runIn(store(), 'RUNNING');
      await request(run.runId, true);
      await store().requestCancel(run.runId, 'user:alice', 6);
      expect(await wishOf(run.runId)).toBe(false);
      expect(await request('no\0run', true)).toBeUndefined();
    });
  });
}
