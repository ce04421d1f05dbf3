import { describe, expect, test } from 'vitest';
import { TaskTracker } from '../../src/daemon/task-tracker.ts';
import type { TaskEvent } from '../../src/engines/engine.ts';

const started = (taskId: string): TaskEvent => ({
  type: 'started',
  taskId,
  at: 10,
  name: `task ${taskId}`,
  command: ['run', taskId],
  notes: ['image: x'],
});
const ended = (taskId: string, exitCode = 0): TaskEvent => ({
  type: 'ended',
  taskId,
  at: 20,
  exitCode,
  notes: ['done'],
});

describe('the tasks of a run', () => {
  test('have the position of their first appearance', () => {
    const tracker = new TaskTracker();
    for (const event of [started('b'), started('a'), ended('b', 3)]) tracker.apply(event);
    expect(tracker.takeChanged()).toEqual([
      {
        taskId: 'b',
        position: 1,
        name: 'task b',
        command: ['run', 'b'],
        startedAt: 10,
        endedAt: 20,
        exitCode: 3,
        systemLogs: ['image: x', 'done'],
      },
      {
        taskId: 'a',
        position: 2,
        name: 'task a',
        command: ['run', 'a'],
        startedAt: 10,
        systemLogs: ['image: x'],
      },
    ]);
    expect(tracker.takeChanged()).toEqual([]);
  });

  test('do not begin or end twice, and an end without a beginning is no task', () => {
    const tracker = new TaskTracker();
    for (const event of [started('a'), ended('a'), started('a'), ended('a', 9), ended('x')]) {
      tracker.apply(event);
    }
    expect(tracker.takeChanged()).toMatchObject([{ taskId: 'a', exitCode: 0 }]);
  });

  test('that are open at the end are ended with a note', () => {
    const tracker = new TaskTracker();
    for (const event of [started('a'), started('b'), ended('a')]) tracker.apply(event);
    tracker.takeChanged();
    tracker.endOpen(30, 'stopped');
    expect(tracker.takeChanged()).toMatchObject([
      { taskId: 'b', endedAt: 30, systemLogs: ['image: x', 'stopped'] },
    ]);
  });
});
