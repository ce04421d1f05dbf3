import { isTerminal, type State } from '../../runs/state.ts';
import type { TaskLog } from '../../wes/run-log.ts';
import type { Column } from '../table.ts';
import type { Colour } from '../terminal.ts';

export type TaskState = 'waiting' | 'running' | 'complete' | 'failed' | 'ended';

/** WES gives tasks no state of their own: it follows from times and exit code. */
export function taskState(task: TaskLog): TaskState {
  if (task.exit_code !== undefined) return task.exit_code === 0 ? 'complete' : 'failed';
  if (task.end_time !== undefined) return 'ended';
  return task.start_time === undefined ? 'waiting' : 'running';
}

export function colourOfState(state: State): Colour | undefined {
  if (state === 'COMPLETE') return 'green';
  if (state === 'RUNNING' || state === 'INITIALIZING') return 'cyan';
  if (state === 'EXECUTOR_ERROR' || state === 'SYSTEM_ERROR') return 'red';
  return isTerminal(state) || state === 'CANCELING' ? 'yellow' : undefined;
}

const TASK_COLOURS: Readonly<Record<TaskState, Colour | undefined>> = {
  waiting: undefined,
  running: 'cyan',
  complete: 'green',
  failed: 'red',
  ended: 'yellow',
};

/** The columns in which tasks are shown. `now` is in milliseconds, for tasks that still run. */
export function taskColumns(now: () => number): readonly Column<TaskLog>[] {
  return [
    { title: 'TASK', value: (task) => task.id, shrinks: true },
    { title: 'NAME', value: (task) => task.name, shrinks: true },
    {
      title: 'STATE',
      value: (task) => taskState(task),
      colour: (task) => TASK_COLOURS[taskState(task)],
    },
    { title: 'TIME', value: (task) => duration(task, now()) },
    { title: 'EXIT', value: (task) => String(task.exit_code ?? '') },
  ];
}

interface Times {
  readonly start_time?: string;
  readonly end_time?: string;
}

/** How long something took or has been running, for people; empty when it is not told. */
export function duration(times: Times, now?: number): string {
  const start = Date.parse(times.start_time ?? '');
  const end = times.end_time === undefined ? now : Date.parse(times.end_time);
  if (Number.isNaN(start) || end === undefined || Number.isNaN(end)) return '';
  // The clock of the server may be ahead of this one.
  const seconds = Math.max(0, Math.floor((end - start) / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export function byteCount(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const amount = bytes / 1000 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${UNITS[power] ?? 'B'}`;
}
