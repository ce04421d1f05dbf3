import type { MachineFacts } from '../machine.ts';
import { table, type Row } from '../table.ts';
import type { MemoryFigures } from '../memory.ts';
import type { DatabaseFigures } from './run.ts';

/** The figures as Markdown, each beside the same of the run with few tasks. */
export function render(machine: MachineFacts, figures: readonly DatabaseFigures[]): string {
  return [
    `${machine.date} · ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB · ` +
      `${machine.system} · Node ${machine.node} · load before ${machine.loadBefore}`,
    '',
    ...table(
      [
        ...['database', 'tasks', 'stored in s', 'tasks / s', 'CPU µs / task'],
        ...['taken over in s', 'CPU µs / task', 'removed in s'],
        ...['MiB idle', 'MiB peak', 'MiB peak after takeover'],
      ],
      figures.flatMap(followRows),
    ),
    '',
    ...table(
      ['request', 'database', 'tasks', 'per second', 'p50 ms', 'p99 ms', 'CPU µs', 'CPU ratio'],
      figures.flatMap(readRows),
    ),
    '',
  ].join('\n');
}

function followRows({ database, follow, removedSeconds }: DatabaseFigures): readonly Row[] {
  return follow.map((run) => [
    database,
    count(run.tasks),
    run.storedSeconds.toFixed(2),
    count(Math.round(run.tasks / run.storedSeconds)),
    run.storedMicroseconds.toFixed(0),
    run.takenOverSeconds.toFixed(2),
    run.takenOverMicroseconds.toFixed(0),
    run === follow.at(-1) ? removedSeconds.toFixed(2) : '–',
    mebibytes(run.before, 'nowMebibytes'),
    mebibytes(run.following, 'peakMebibytes'),
    mebibytes(run.takenOver, 'peakMebibytes'),
  ]);
}

function readRows({ database, follow, read }: DatabaseFigures): readonly Row[] {
  const few = follow[0]?.tasks;
  return read.map(({ request, tasks, load }) => {
    // Pages in the middle and at the end are compared with the only page of the small run.
    const kind = request.endsWith('page of tasks') ? 'first page of tasks' : request;
    const small = read.find((other) => other.tasks === few && other.request === kind);
    const ratio =
      (load.processorMicroseconds ?? Number.NaN) /
      (small?.load.processorMicroseconds ?? Number.NaN);
    return [
      request,
      database,
      count(tasks),
      count(Math.round(load.requestsPerSecond)),
      String(load.p50Ms),
      String(load.p99Ms),
      load.processorMicroseconds?.toFixed(0) ?? '–',
      Number.isNaN(ratio) ? '–' : ratio.toFixed(2),
    ];
  });
}

function mebibytes(figures: MemoryFigures | undefined, which: keyof MemoryFigures): string {
  return figures?.[which].toFixed(0) ?? '–';
}

function count(value: number): string {
  return value.toLocaleString('en');
}
