import { expect, test } from 'vitest';
import { render } from '../../../bench/tasks/report.ts';

const machine = {
  ...{ date: '2026-01-02', processor: 'A processor', cores: 2, memoryGiB: 8, system: 'linux 6' },
  ...{ node: 'v24.0.0', loadBefore: 0.1 },
};

test('the report compares each request with the same of the run with few tasks', () => {
  const load = (microseconds: number) => ({
    ...{ requestsPerSecond: 1000, p50Ms: 1, p99Ms: 2 },
    processorMicroseconds: microseconds,
  });
  const memory = { nowMebibytes: 100, peakMebibytes: 150 };
  const follow = (tasks: number) => ({
    ...{ tasks, storedSeconds: 2, storedMicroseconds: 300 },
    ...{ takenOverSeconds: 1, takenOverMicroseconds: 20 },
    ...{ before: memory, following: memory, takenOver: undefined },
  });
  const text = render(machine, [
    {
      database: 'SQLite',
      follow: [follow(10), follow(100_000)],
      read: [
        { request: 'first page of tasks', tasks: 10, load: load(400) },
        { request: 'one task', tasks: 10, load: load(200) },
        { request: 'last page of tasks', tasks: 100_000, load: load(500) },
        { request: 'one task', tasks: 100_000, load: load(300) },
      ],
      removedSeconds: 0.5,
    },
  ]);
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const row = (...cells: readonly string[]) =>
    expect(rows).toContainEqual(['', ...cells.slice(0, -1), cells.at(-1), '']);
  row('SQLite', '10', '2.00', '5', '300', '1.00', '20', '–', '100', '150', '–');
  row('SQLite', '100,000', '2.00', '50,000', '300', '1.00', '20', '0.50', '100', '150', '–');
  row('last page of tasks', 'SQLite', '100,000', '1,000', '1', '2', '500', '1.25');
  row('one task', 'SQLite', '100,000', '1,000', '1', '2', '300', '1.50');
});
