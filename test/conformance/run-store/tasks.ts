import { describe, expect, test } from 'vitest';
import type { Task } from '../../../src/runs/run.ts';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { claimedRun, runIn } from '../../support/sample-runs.ts';

function task(position: number, fields: Partial<Task> = {}): Task {
  return {
    taskId: `task-${position}`,
    position,
    name: `step ${position}`,
    command: ['echo', String(position)],
    systemLogs: [],
    ...fields,
  };
}

export function describeTasks(store: () => RunStore): void {
  const all = (runId: string) => store().listTasks(runId, { after: 0, limit: 10_000 });

  describe('saveTasks', () => {
    test('keeps a task as it is, with whatever characters', async () => {
      const { run, lease } = await claimedRun(store());
      const full = task(1, {
        name: 'é\0\ud800',
        command: ['a\0', ''],
        startedAt: 1_700_000_000_000,
        endedAt: 1_700_000_000_001,
        exitCode: 137,
        systemLogs: ['cached', '🧬'],
      });
      expect(await store().saveTasks(lease, [full, task(2)])).toBe(true);
      expect(await all(run.runId)).toEqual([full, task(2)]);
      expect(await store().getTask(run.runId, 'task-1')).toEqual(full);
    });

    test('updates a task and never its position', async () => {
      const { run, lease } = await claimedRun(store());
      await store().saveTasks(lease, [task(1), task(2)]);
      const ended = task(1, { position: 7, exitCode: 0 });
      await store().saveTasks(lease, [ended, task(3)]);
      const tasks = await all(run.runId);
      expect(tasks.map((t) => [t.taskId, t.position, t.exitCode])).toEqual([
        ['task-1', 1, 0],
        ['task-2', 2, undefined],
        ['task-3', 3, undefined],
      ]);
    });

    test('puts a new task to the end when an earlier attempt left another at its position', async () => {
      const { run, lease } = await claimedRun(store());
      await store().saveTasks(lease, [task(1, { taskId: 'b' }), task(2, { taskId: 'a' })]);
      await store().saveTasks(lease, [
        task(1, { taskId: 'a', exitCode: 0 }),
        task(2, { taskId: 'c' }),
        task(3, { taskId: 'd' }),
      ]);
      await store().saveTasks(lease, [task(4, { taskId: 'e' }), task(5, { taskId: 'f' })]);
      expect((await all(run.runId)).map((t) => [t.taskId, t.position, t.exitCode])).toEqual([
        ['b', 1, undefined],
        ['a', 2, 0],
        ['d', 3, undefined],
        ['c', 4, undefined],
        ['f', 5, undefined],
        ['e', 6, undefined],
      ]);
    });

    test('takes the latest of several reports of a task', async () => {
      const { run, lease } = await claimedRun(store());
      await store().saveTasks(lease, [task(1), task(1, { exitCode: 3 })]);
      expect(await all(run.runId)).toEqual([task(1, { exitCode: 3 })]);
    });

    test('saves thousands of tasks at once, and again', async () => {
      const { run, lease } = await claimedRun(store());
      const tasks = Array.from({ length: 3000 }, (_, index) => task(index + 1));
      expect(await store().saveTasks(lease, tasks)).toBe(true);
      const ended = tasks.map((t) => task(t.position, { exitCode: 0 }));
      expect(await store().saveTasks(lease, ended)).toBe(true);
      expect(await all(run.runId)).toEqual(ended);
    });

    test('saves commands of megabytes', async () => {
      const { run, lease } = await claimedRun(store());
      const tasks = Array.from({ length: 30 }, (_, index) =>
        task(index + 1, { command: ['x'.repeat(700_000)] }),
      );
      await store().saveTasks(lease, tasks);
      expect((await store().getTask(run.runId, 'task-30'))?.command[0]).toHaveLength(700_000);
    });

    test('writes nothing when the lease is lost', async () => {
      const { run, lease } = await runIn(store(), 'COMPLETE');
      expect(await store().saveTasks(lease, [task(1)])).toBe(false);
      const held = await claimedRun(store());
      expect(await store().saveTasks({ ...held.lease, attempt: 2 }, [task(1)])).toBe(false);
      expect(await all(run.runId)).toEqual([]);
      expect(await all(held.run.runId)).toEqual([]);
    });

    test('tells whether the lease is held even without tasks', async () => {
      const { lease } = await claimedRun(store());
      expect(await store().saveTasks(lease, [])).toBe(true);
      expect(await store().saveTasks({ ...lease, daemonId: 'other' }, [])).toBe(false);
    });

    test('of the same run at the same moment loses nothing', async () => {
      const { run, lease } = await claimedRun(store());
      const groups = Array.from({ length: 6 }, (_group, group) =>
        Array.from({ length: 50 }, (_task, index) => task(group * 50 + index + 1)),
      );
      await Promise.all(groups.map((group) => store().saveTasks(lease, group)));
      expect(await all(run.runId)).toEqual(groups.flat());
    });
  });

  describe('listKnownTasks', () => {
    const times = { startedAt: 1, endedAt: 2, exitCode: 0 };

    test('tells the tasks that are stored with the same start, end and exit code', async () => {
      const { run, lease } = await claimedRun(store());
      await store().saveTasks(lease, [
        task(1, times),
        task(2, { startedAt: 1 }),
        task(3, { startedAt: 1, endedAt: 2 }),
        ...[4, 5, 6].map((position) => task(position, times)),
        task(7, { startedAt: 1 }),
      ]);
      const known = await store().listKnownTasks(run.runId, [
        task(1, times),
        task(2, { startedAt: 1 }),
        task(3, { startedAt: 1 }),
        task(4, { ...times, startedAt: 0 }),
        task(5, { ...times, endedAt: 3 }),
        task(6, { ...times, exitCode: 1 }),
        task(7, times),
        task(8, times),
      ]);
      expect([...known]).toEqual(['task-1', 'task-2', 'task-3']);
    });

    test('looks at thousands, and at none of other runs', async () => {
      const { run, lease } = await claimedRun(store());
      const other = await claimedRun(store());
      const tasks = Array.from({ length: 3000 }, (_, index) => task(index + 1, times));
      await store().saveTasks(lease, tasks);
      expect((await store().listKnownTasks(run.runId, tasks)).size).toBe(3000);
      expect((await store().listKnownTasks(other.run.runId, tasks)).size).toBe(0);
      expect((await store().listKnownTasks(run.runId, [])).size).toBe(0);
    });
  });

  describe('listTasks', () => {
    test('gives pages by position', async () => {
      const { run, lease } = await claimedRun(store());
      await store().saveTasks(
        lease,
        [3, 1, 2, 5, 4].map((position) => task(position)),
      );
      const page = async (after: number) =>
        (await store().listTasks(run.runId, { after, limit: 2 })).map((t) => t.position);
      expect([await page(0), await page(2), await page(4), await page(5)]).toEqual([
        [1, 2],
        [3, 4],
        [5],
        [],
      ]);
    });

    test('and getTask know nothing of other runs and of unknown tasks', async () => {
      const { run, lease } = await claimedRun(store());
      const other = await claimedRun(store());
      await store().saveTasks(lease, [task(1)]);
      expect(await all(other.run.runId)).toEqual([]);
      expect(await store().getTask(other.run.runId, 'task-1')).toBeUndefined();
      for (const taskId of ['TASK-1', 'task-1 ', 'a\0']) {
        expect(await store().getTask(run.runId, taskId)).toBeUndefined();
      }
    });
  });
}
