import { describe, expect, test } from 'vitest';
import type { RunChange } from '../../../src/runs/change-reader.ts';
import type { Task } from '../../../src/runs/run.ts';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { claim, claimedRun, newRun, runIn, uniqueName } from '../../support/sample-runs.ts';

const task = (position: number, fields: Partial<Task> = {}): Task => ({
  taskId: `task-${position}`,
  position,
  name: `step ${position}`,
  command: ['echo'],
  startedAt: 1,
  systemLogs: [],
  ...fields,
});

const NOWHERE = '019aa000-0000-7000-8000-000000000000';

export function describeChanges(store: () => RunStore): void {
  async function changesOf(runId: string, after = 0, limit = 1000): Promise<readonly RunChange[]> {
    return (await store().listChanges([{ runId, after }], limit)).get(runId) ?? [];
  }

  const inShort = (changes: readonly RunChange[]) =>
    changes.map((change) => (change.type === 'state' ? change.event.to : shortTask(change.task)));
  const shortTask = ({ taskId, exitCode }: { taskId: string; exitCode?: number }) =>
    `${taskId} ${exitCode ?? 'runs'}`;

  describe('listChanges', () => {
    test('tells history and tasks of a run in one order', async () => {
      const { run, lease } = await claimedRun(store());
      await store().saveTasks(lease, [task(1), task(2)]);
      const move = { ...lease, at: 1, reason: 'a test' };
      await store().moveRun({ ...move, to: 'RUNNING' });
      await store().saveTasks(lease, [task(2, { endedAt: 2, exitCode: 3 })]);
      await store().moveRun({ ...move, to: 'COMPLETE' });
      const changes = await changesOf(run.runId);
      expect(inShort(changes)).toEqual([
        'QUEUED',
        'INITIALIZING',
        'task-1 runs',
        'RUNNING',
        'task-2 3',
        'COMPLETE',
      ]);
      const ended = { taskId: 'task-2', name: 'step 2', startedAt: 1, endedAt: 2, exitCode: 3 };
      expect(changes[4]).toEqual({ type: 'task', revision: changes[4]?.revision, task: ended });
      const history = await store().listEvents(run.runId);
      expect(changes.flatMap((c) => (c.type === 'state' ? [c.event] : []))).toEqual(history);
      const revisions = changes.map(({ revision }) => revision);
      expect(new Set(revisions).size).toBe(revisions.length);
      const [head] = await store().listHeads([run.runId]);
      expect(head).toEqual({ runId: run.runId, revision: revisions.at(-1), state: 'COMPLETE' });
    });

    test('goes on behind any revision, in parts of any size', async () => {
      const { run, lease } = await claimedRun(store());
      await store().saveTasks(
        lease,
        Array.from({ length: 30 }, (_, index) => task(index + 1)),
      );
      await store().moveRun({ ...lease, to: 'RUNNING', at: 1, reason: 'a test' });
      await store().saveTasks(
        lease,
        [3, 1, 2].map((position) => task(position, { exitCode: 0 })),
      );
      const whole = await changesOf(run.runId);
      for (const limit of [1, 2, 7, 31]) {
        const parts: RunChange[] = [];
        for (;;) {
          const part = await changesOf(run.runId, parts.at(-1)?.revision ?? 0, limit);
          if (part.length === 0) break;
          expect(part.length).toBeLessThanOrEqual(limit);
          parts.push(...part);
        }
        expect(parts).toEqual(whole);
      }
      expect(inShort(whole).slice(-4)).toEqual(['RUNNING', 'task-3 0', 'task-1 0', 'task-2 0']);
    });

    test('is asked for many runs at once, each from its own place', async () => {
      const runs = await Promise.all(Array.from({ length: 120 }, () => runIn(store(), 'RUNNING')));
      const cursors = runs.map(({ run }, index) => ({ runId: run.runId, after: index % 4 }));
      const found = await store().listChanges([...cursors, { runId: NOWHERE, after: 0 }], 10);
      for (const { runId, after } of cursors) {
        const expected = ['QUEUED', 'INITIALIZING', 'RUNNING'].slice(after);
        expect(inShort(found.get(runId) ?? [])).toEqual(expected);
      }
      expect(found.size).toBe(90);
      expect((await store().listChanges([], 10)).size).toBe(0);
    });

    test('tells the tasks of another attempt and no more of those before', async () => {
      const engine = uniqueName('engine');
      await store().createRun(newRun({ engine }));
      const { run, lease } = await claim(store(), engine);
      await store().saveTasks(lease, [task(1)]);
      await store().moveRun({ ...lease, to: 'QUEUED', at: 1, reason: 'again' });
      const second = await claim(store(), engine);
      await store().saveTasks(second.lease, [task(1, { exitCode: 0 })]);
      expect(inShort(await changesOf(run.runId)).slice(-3)).toEqual([
        'QUEUED',
        'INITIALIZING',
        'task-1 0',
      ]);
    });

    test('tells thousands of tasks that were saved at once, each once', async () => {
      const { run, lease } = await claimedRun(store());
      const tasks = Array.from({ length: 1500 }, (_, index) => task(index + 1));
      await store().saveTasks(lease, tasks);
      const changes = (await changesOf(run.runId, 0, 5000)).filter(({ type }) => type === 'task');
      expect(changes.map((c) => (c.type === 'task' ? c.task.taskId : ''))).toEqual(
        tasks.map(({ taskId }) => taskId),
      );
      await store().saveTasks(lease, [task(700, { exitCode: 1 })]);
      const last = changes.at(-1)?.revision ?? 0;
      expect(inShort(await changesOf(run.runId, last))).toEqual(['task-700 1']);
    });
  });

  describe('heads', () => {
    test('of runs under a lease are those of runs whose tasks can change', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      const before = (await store().listLeasedHeads()).find(({ runId }) => runId === run.runId);
      await store().saveTasks(lease, [task(1)]);
      const after = (await store().listLeasedHeads()).find(({ runId }) => runId === run.runId);
      expect(after).toEqual({ ...before, revision: (before?.revision ?? 0) + 1 });
      await store().moveRun({ ...lease, to: 'COMPLETE', at: 1, reason: 'a test' });
      const leased = await store().listLeasedHeads();
      expect(leased.filter(({ runId }) => runId === run.runId)).toEqual([]);
    });

    test('of runs that are not there are none', async () => {
      expect(await store().listHeads([NOWHERE, 'a\0'])).toEqual([]);
      expect(await store().listHeads([])).toEqual([]);
    });

    test('stay where they are when nothing is saved', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      const heads = await store().listHeads([run.runId]);
      await store().saveTasks(lease, []);
      expect(await store().listHeads([run.runId])).toEqual(heads);
    });
  });

  describe('listRecorded', () => {
    test('tells lines of all runs by the clock of the database, page by page', async () => {
      const from = await store().recordingTime();
      expect(Math.abs(from - Date.now())).toBeLessThan(60_000);
      const runs = [];
      for (let count = 0; count < 4; count += 1) runs.push(await runIn(store(), 'RUNNING'));
      const lines = [];
      for (;;) {
        const after = lines.at(-1);
        const page = await store().listRecorded({ from, limit: 5, ...(after && { after }) });
        if (page.length === 0) break;
        lines.push(...page);
      }
      expect(lines.every(({ recordedAt }) => recordedAt >= from)).toBe(true);
      for (const { run } of runs) {
        const own = lines.filter(({ runId }) => runId === run.runId);
        expect(own.map(({ revision }) => revision).sort()).toEqual([1, 2, 3]);
      }
      const until = await store().recordingTime();
      expect(lines.at(-1)?.recordedAt).toBeLessThanOrEqual(until);
      expect(await store().listRecorded({ from: until + 60_000, limit: 5 })).toEqual([]);
    });

    test('and the heads before a time tell where to go on', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      await store().saveTasks(lease, [task(1)]);
      const [head] = await store().listHeads([run.runId]);
      const later = (await store().recordingTime()) + 60_000;
      const before = await store().listHeadsBefore([run.runId, NOWHERE], later);
      expect([...before]).toEqual([[run.runId, head?.revision]]);
      expect((await store().listHeadsBefore([run.runId], 1)).size).toBe(0);
    });
  });

  test('traits tell whose runs they are and what they run', async () => {
    const tags = { project: 'a' };
    const { run } = await runIn(store(), 'RUNNING', { owner: 'bob', request: { tags } });
    expect(await store().listTraits([run.runId, NOWHERE])).toEqual([
      { runId: run.runId, owner: 'bob', workflowType: 'CWL', tags },
    ]);
  });
}
