import { describe, expect, test } from 'vitest';
import type { RunStore } from '../../../src/runs/run-store.ts';
import type { StoredState } from '../../../src/runs/state.ts';
import { LATER, claim, newRun, runIn, uniqueName } from '../../support/sample-runs.ts';

const ASKED: Readonly<Record<Exclude<StoredState, 'QUEUED'>, StoredState>> = {
  INITIALIZING: 'CANCELING',
  RUNNING: 'CANCELING',
  PAUSED: 'CANCELING',
  CANCELING: 'CANCELING',
  COMPLETE: 'COMPLETE',
  EXECUTOR_ERROR: 'EXECUTOR_ERROR',
  SYSTEM_ERROR: 'SYSTEM_ERROR',
  CANCELED: 'CANCELED',
  PREEMPTED: 'PREEMPTED',
};

export function describeCanceling(store: () => RunStore): void {
  describe('requestCancel', () => {
    test('cancels a queued run, which then is never claimed', async () => {
      const engine = uniqueName('engine');
      const run = newRun({ engine });
      await store().createRun(run);
      expect(await store().requestCancel(run.runId, 'user:alice', LATER)).toBe('CANCELED');
      expect(await store().getRun(run.runId)).toMatchObject({ state: 'CANCELED', endedAt: LATER });
      await expect(claim(store(), engine)).rejects.toThrow('no run to claim');
      const last = (await store().listEvents(run.runId)).at(-1);
      expect(last).toMatchObject({
        from: 'QUEUED',
        to: 'CANCELED',
        actor: 'user:alice',
        at: LATER,
      });
    });

    for (const [from, to] of Object.entries(ASKED) as [keyof typeof ASKED, StoredState][]) {
      test(`finds or makes a run that is ${from} ${to}, and leaves the lease`, async () => {
        const { run } = await runIn(store(), from);
        const before = await store().getRun(run.runId);
        expect(await store().requestCancel(run.runId, 'user:alice', 9)).toBe(to);
        expect(await store().requestCancel(run.runId, 'user:alice', 10)).toBe(to);
        const after = await store().getRun(run.runId);
        expect(after).toEqual({ ...before, state: to });
      });
    }

    test('knows no run that does not exist', async () => {
      expect(await store().requestCancel('none', 'user:alice', 1)).toBeUndefined();
      expect(await store().requestCancel('\0', 'user:alice', 1)).toBeUndefined();
    });

    test('and a claim at the same moment end in one of two ways', async () => {
      for (let round = 0; round < 10; round += 1) {
        const engine = uniqueName('engine');
        const run = newRun({ engine });
        await store().createRun(run);
        const [state, claimed] = await Promise.all([
          store().requestCancel(run.runId, 'user:alice', 1),
          claim(store(), engine).catch(() => undefined),
        ]);
        expect(state).toBe(claimed ? 'CANCELING' : 'CANCELED');
        expect((await store().getRunState(run.runId))?.state).toBe(state);
      }
    });
  });
}
