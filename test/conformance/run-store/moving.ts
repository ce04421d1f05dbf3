import { describe, expect, test } from 'vitest';
import { isTerminal, sourcesOf, STORED_STATES } from '../../../src/runs/state.ts';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { LATER, claim, claimedRun, newRun, runIn, uniqueName } from '../../support/sample-runs.ts';

const REASON = 'why\0 🧬';

export function describeMoving(store: () => RunStore): void {
  describe('moveRun', () => {
    for (const from of STORED_STATES.filter((state) => state !== 'QUEUED')) {
      test(`moves a run that is ${from} where the table of states allows it, and nowhere else`, async () => {
        for (const to of STORED_STATES) {
          const { run, lease } = await runIn(store(), from);
          const before = await store().getRun(run.runId);
          const moved = await store().moveRun({ ...lease, to, at: 99, reason: REASON });
          expect([to, moved]).toEqual([to, sourcesOf(to).includes(from)]);
          const after = await store().getRun(run.runId);
          if (!moved) expect(after).toEqual(before);
          else expect(after?.state).toBe(to);
        }
      });
    }

    test('writes its line of the history', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      await store().moveRun({ ...lease, to: 'COMPLETE', at: LATER, reason: REASON });
      const events = await store().listEvents(run.runId);
      expect(events.map((event) => [event.from, event.to])).toEqual([
        [undefined, 'QUEUED'],
        ['QUEUED', 'INITIALIZING'],
        ['INITIALIZING', 'RUNNING'],
        ['RUNNING', 'COMPLETE'],
      ]);
      const actor = `daemon:${lease.daemonId}`;
      expect(events.at(-1)).toMatchObject({ at: LATER, actor, reason: REASON });
    });

    test('sets when the run started and ended; a pause does not start it anew', async () => {
      const { run, lease } = await claimedRun(store());
      for (const [index, to] of (['RUNNING', 'PAUSED', 'RUNNING', 'COMPLETE'] as const).entries()) {
        await store().moveRun({ ...lease, to, at: LATER + index, reason: REASON });
      }
      expect(await store().getRun(run.runId)).toMatchObject({
        startedAt: LATER,
        endedAt: LATER + 3,
      });
    });

    test('never goes back in time, whatever the clock of the mover says', async () => {
      const { run, lease } = await claimedRun(store(), { createdAt: LATER });
      for (const to of ['RUNNING', 'COMPLETE'] as const) {
        await store().moveRun({ ...lease, to, at: LATER - 1000, reason: REASON });
      }
      const times = (await store().listEvents(run.runId)).map(({ at }) => at);
      expect(times).toEqual([LATER, LATER, LATER, LATER]);
      const stored = await store().getRun(run.runId);
      expect(stored).toMatchObject({ createdAt: LATER, startedAt: LATER, endedAt: LATER });
    });

    test('writes the changes with it, and keeps what is not among them', async () => {
      const { run, lease } = await claimedRun(store());
      const started = { jobId: 'job 1', command: ['a', 'b\0'], engineVersion: '3.1' };
      await store().moveRun({ ...lease, to: 'RUNNING', at: 1, reason: REASON, changes: started });
      const ended = { exitCode: -9, outputs: { file: { location: 'wes-output:a\ud800' } } };
      const move = { ...lease, to: 'COMPLETE', at: 2, reason: REASON, changes: ended } as const;
      await store().moveRun(move);
      expect(await store().getRun(run.runId)).toMatchObject({ ...started, ...ended });
    });

    test('changes nothing under a lease that is not held', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      const before = await store().getRun(run.runId);
      const move = { to: 'COMPLETE', at: 1, reason: REASON, changes: { exitCode: 1 } } as const;
      expect(await store().moveRun({ ...lease, ...move, daemonId: 'other' })).toBe(false);
      expect(await store().moveRun({ ...lease, ...move, attempt: 2 })).toBe(false);
      expect(await store().getRun(run.runId)).toEqual(before);
      expect(await store().listEvents(run.runId)).toHaveLength(3);
    });

    test('ends the lease with the run and when the run goes back to the queue', async () => {
      for (const to of STORED_STATES) {
        const from = sourcesOf(to).find((state) => state !== 'QUEUED');
        if (from === undefined) continue;
        const { run, lease } = await runIn(store(), from);
        await store().moveRun({ ...lease, to, at: LATER, reason: REASON });
        const stored = await store().getRun(run.runId);
        const isOver = isTerminal(to) || to === 'QUEUED';
        expect([to, stored?.leaseOwner]).toEqual([to, isOver ? undefined : lease.daemonId]);
        expect([to, stored?.endedAt]).toEqual([to, isTerminal(to) ? LATER : undefined]);
      }
    });

    test('of one run by many at once is made by one of them', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      const moves = Array.from({ length: 10 }, (_, at) =>
        store().moveRun({ ...lease, to: 'COMPLETE', at, reason: REASON }),
      );
      expect((await Promise.all(moves)).filter(Boolean)).toHaveLength(1);
      expect(await store().listEvents(run.runId)).toHaveLength(4);
    });

    test('to the queue lets the run be claimed again, and the next attempt starts clean', async () => {
      const engine = uniqueName('engine');
      await store().createRun(newRun({ engine }));
      const first = await claim(store(), engine);
      const changes = { jobId: 'job 1', command: ['x'], exitCode: 1, engineVersion: '1' };
      await store().moveRun({ ...first.lease, to: 'RUNNING', at: 1, reason: REASON, changes });
      const task = { taskId: 't', position: 1, name: 'n', command: [], systemLogs: [] };
      await store().saveTasks(first.lease, [task]);
      await store().moveRun({ ...first.lease, to: 'QUEUED', at: 2, reason: REASON });
      const second = await claim(store(), engine);
      expect(second.run).toMatchObject({ runId: first.run.runId, attempt: 2 });
      expect(second.run).not.toHaveProperty('jobId');
      expect(second.run).not.toHaveProperty('startedAt');
      expect(second.run).not.toHaveProperty('exitCode');
      expect(await store().listTasks(first.run.runId, { after: 0, limit: 9 })).toEqual([]);
      const late = { ...first.lease, to: 'RUNNING', at: 3, reason: REASON } as const;
      expect(await store().moveRun(late)).toBe(false);
    });
  });
}
