import { describe, expect, test } from 'vitest';
import type { Removals } from '../../../src/runs/removals.ts';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { newRun, runIn, uniqueName } from '../../support/sample-runs.ts';

const ATTACHMENT = { name: 'a.txt', sizeBytes: 1, sha256: '0'.repeat(64) };
const PLENTY = 10_000;

export function describeRemoving(store: () => RunStore, removals: () => Removals): void {
  describe('removeRun', () => {
    test('removes an ended run with all that belongs to it and announces its storage', async () => {
      const fields = { request: { tags: { a: 'b' } }, attachments: [ATTACHMENT] };
      const { run, lease } = await runIn(store(), 'RUNNING', fields);
      const { runId } = run;
      await store().saveTasks(lease, [
        { taskId: 't', position: 1, name: 't', command: ['x'], systemLogs: [] },
      ]);
      const file = { path: 'o', sizeBytes: 1, sha256: '0'.repeat(64), mediaType: 'text/plain' };
      const changes = { outputFiles: [file] };
      await store().moveRun({ ...lease, to: 'COMPLETE', at: 9, reason: '', changes });
      expect(await store().removeRun(runId, 10)).toBe('COMPLETE');
      expect(await store().getRun(runId)).toBeUndefined();
      expect(await store().listEvents(runId)).toEqual([]);
      expect(await store().listAttachments(runId)).toEqual([]);
      expect(await store().listTasks(runId, { after: 0, limit: 9 })).toEqual([]);
      expect(await store().listOutputs(runId, { limit: 9 })).toEqual([]);
      expect(await removals().isRemoved(runId)).toBe(true);
      expect(await removals().begin(10, PLENTY)).toContain(runId);
      expect(await store().removeRun(runId, 11)).toBeUndefined();
    });

    test('leaves a run that has not ended', async () => {
      for (const state of ['INITIALIZING', 'RUNNING', 'PAUSED', 'CANCELING'] as const) {
        const { run } = await runIn(store(), state);
        expect(await store().removeRun(run.runId, 1)).toBe(state);
        expect(await store().getRun(run.runId)).toBeDefined();
        expect(await removals().isRemoved(run.runId)).toBe(false);
      }
    });

    test('is done by one of many at once', async () => {
      const { run } = await runIn(store(), 'CANCELED');
      const removers = Array.from({ length: 6 }, () => store().removeRun(run.runId, 1));
      const states = await Promise.all(removers);
      expect(states.filter((state) => state !== undefined)).toEqual(['CANCELED']);
    });
  });

  describe('listEnded', () => {
    test('pages by the time of the end, and by owner, state and logs', async () => {
      const owner = uniqueName('owner');
      const at = Date.now() + 1_000_000;
      const ended = [];
      for (const state of ['COMPLETE', 'SYSTEM_ERROR', 'COMPLETE'] as const) {
        const { run, lease } = await runIn(store(), 'RUNNING', { owner });
        await store().moveRun({ ...lease, to: state, at: at + ended.length, reason: '' });
        ended.push(run.runId);
      }
      await runIn(store(), 'RUNNING', { owner });
      const query = { owner, endedBefore: at + 2, limit: 10 };
      const ids = async (more: object) =>
        (await store().listEnded({ ...query, ...more })).map((run) => run.runId);
      expect(await ids({})).toEqual(ended.slice(0, 2));
      expect(await ids({ endedBefore: at + 3, states: ['COMPLETE'] })).toEqual([
        ended[0],
        ended[2],
      ]);
      const [first] = await store().listEnded({ ...query, limit: 1 });
      expect(first).toMatchObject({ owner, state: 'COMPLETE', endedAt: at });
      expect(await ids({ after: first })).toEqual([ended[1]]);
      await store().markLogsRemoved(ended[0] ?? '', 'daemon:x', at + 5);
      await store().markLogsRemoved(ended[0] ?? '', 'daemon:x', at + 6);
      expect(await ids({ withLogs: true })).toEqual([ended[1]]);
      expect((await store().getRun(ended[0] ?? ''))?.logsRemovedAt).toBe(at + 5);
      const remarks = (await store().listEvents(ended[0] ?? '')).filter(
        ({ reason }) => reason === 'logs removed',
      );
      expect(remarks).toHaveLength(1);
    });
  });

  describe('an announced upload', () => {
    test('is removed when no run came of it in time, and a late run is refused', async () => {
      const run = newRun({ attachments: [ATTACHMENT] });
      await removals().announceUpload(run.runId, 100);
      expect(await removals().begin(99, PLENTY)).not.toContain(run.runId);
      expect(await removals().isRemoved(run.runId)).toBe(false);
      expect(await removals().begin(100, PLENTY)).toContain(run.runId);
      await expect(store().createRun(run)).rejects.toMatchObject({ code: 'unavailable' });
      expect(await store().getRun(run.runId)).toBeUndefined();
      await removals().finish(run.runId, 200);
      expect(await removals().begin(300, PLENTY)).not.toContain(run.runId);
      await removals().forget(201);
      expect(await removals().isRemoved(run.runId)).toBe(false);
    });

    test('ends with its run', async () => {
      const run = newRun({ attachments: [ATTACHMENT] });
      await removals().announceUpload(run.runId, 100);
      await store().createRun(run);
      expect(await removals().begin(1000, PLENTY)).not.toContain(run.runId);
    });

    test('is either a run or removed, when both come at once', async () => {
      const runs = Array.from({ length: 12 }, () => newRun({ attachments: [ATTACHMENT] }));
      for (const run of runs) await removals().announceUpload(run.runId, 100);
      const begins = [removals().begin(100, PLENTY), removals().begin(100, PLENTY)];
      const created = await Promise.allSettled(runs.map((run) => store().createRun(run)));
      await Promise.all(begins);
      const begun = await removals().begin(100, PLENTY);
      for (const [index, result] of created.entries()) {
        const runId = runs[index]?.runId ?? '';
        expect(begun.includes(runId)).toBe(result.status === 'rejected');
      }
    });
  });
}
