import type { TaskLog } from '../../wes/run-log.ts';
import { tableLines } from '../table.ts';
import { painterFor, plainText, writeLine, type Terminal } from '../terminal.ts';
import type { RunSnapshot } from './run-changes.ts';
import { colourOfState, taskColumns, taskState } from './run-display.ts';

/** Shows how a run goes on. */
export interface ProgressView {
  show(snapshot: RunSnapshot): void;
}

/** A table that is drawn anew on a terminal; elsewhere a line for each change. */
export function createProgressView(stream: Terminal['stdout'], now = Date.now): ProgressView {
  return stream.isTTY === true ? createTableView(stream, now) : createLineView(stream, now);
}

function createLineView(stream: Terminal['stdout'], now: () => number): ProgressView {
  const seen = new Map<string, string>();
  const tell = (key: string, line: string) => {
    if (seen.get(key) === line) return;
    seen.set(key, line);
    const time = timeOfDay(now());
    writeLine(stream, `${time} ${plainText(line)}`);
  };
  return {
    show: ({ run, tasks }) => {
      for (const task of tasks) tell(`task ${task.id}`, taskLine(task));
      tell('run', `run ${run.run_id} ${run.state}`);
    },
  };
}

/** In UTC, as the times in logs are. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

export function taskLine(task: TaskLog): string {
  const exit = task.exit_code === undefined ? '' : ` (exit code ${task.exit_code})`;
  return `task ${task.id} ${task.name} ${taskState(task)}${exit}`;
}

const FRAME_LINES = 5;
const DEFAULT_ROWS = 24;

function createTableView(stream: Terminal['stdout'], now: () => number): ProgressView {
  const paint = painterFor(stream);
  let drawn = 0;
  return {
    show: ({ run, tasks }) => {
      const shown = mostTelling(tasks, (stream.rows ?? DEFAULT_ROWS) - FRAME_LINES);
      const style = { width: stream.columns, paint };
      const table = shown.length === 0 ? [] : tableLines(shown, taskColumns(now), style);
      const colour = colourOfState(run.state);
      const state = colour === undefined ? run.state : paint(colour, run.state);
      const lines = [`Run ${plainText(run.run_id)}  ${state}`, ...table, countLine(tasks)];
      // Up to the first line of the last picture, and all below it away.
      const back = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`;
      stream.write(`${back}${lines.join('\n')}\n`);
      drawn = lines.length;
    },
  };
}

/** What fits on the terminal: failed and running tasks before those that only wait or are done. */
function mostTelling(tasks: readonly TaskLog[], count: number): readonly TaskLog[] {
  if (tasks.length <= count) return tasks;
  const rank = (task: TaskLog) => ['failed', 'running'].includes(taskState(task));
  const telling = tasks.filter(rank).slice(-count);
  const rest = tasks.filter((task) => !rank(task)).slice(telling.length - count);
  const chosen = new Set(telling.length === count ? telling : [...telling, ...rest]);
  return tasks.filter((task) => chosen.has(task));
}

function countLine(tasks: readonly TaskLog[]): string {
  const counts = Map.groupBy(tasks, taskState);
  const parts = [...counts].map(([state, group]) => `${group.length} ${state}`);
  const total = tasks.length === 1 ? '1 task' : `${tasks.length} tasks`;
  return parts.length === 0 ? total : `${total}: ${parts.join(', ')}`;
}
