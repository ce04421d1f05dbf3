import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runs/json.ts';
import { IMAGE_NOTE } from '../../runs/run.ts';
import type { TaskEvent } from '../engine.ts';

/*
 * The events of a run: JSON lines that an engine's driver appends to `RunDirectory.events` and that are
 * read while the file grows. Each has `event` and `at` (milliseconds since the epoch):
 *
 * - `task_started`: `task` (its id, unique in the run, of letters, digits, `_.-`), `name`, `command` (words),
 *   `stdout` and `stderr` (absolute paths of files that grow), and, where known, `image`, `cores`,
 *   `ram_mib`, `notes` (texts for people);
 * - `task_ended`: `task`, `exit_code` where there is one, `status` (`success`; `retried` or `ignored` for a
 *   failure that the engine took no offence at; `stopped` by the engine; anything else is a failure), `error`;
 * - `task_cached`: `task`, `name`: the results of an earlier execution were taken;
 * - `engine_ended`, the last: `status` (one of STATUSES), `message`, `exit_code`; of a validation also
 *   `about`, the part of the request that `message` speaks of: `workflow` or `inputs`.
 */

/**
 * How much of the file is read at once, some thousand tasks; what is left comes with the next call. Who asks
 * can see to other things in between.
 */
const CHUNK_BYTES = 512 * 1024;
const NEWLINE = 0x0a;

/** How the driver says that the engine ended: the last line of its events. */
export interface EngineEnd {
  readonly status: 'success' | 'permanentFail' | 'invalid' | 'unsupported' | 'error';
  readonly message: string;
  readonly about?: string;
}

/** A task as its events tell of it. */
export interface TaskEnd {
  readonly name: string;
  readonly exitCode?: number;
  readonly failed: boolean;
  readonly error?: string;
  readonly stderrPath?: string;
}

/** The complete lines after `cursor` (bytes) as task events, and where to go on. No file, no events. */
export async function readTaskEvents(
  path: string,
  cursor: number,
): Promise<{ events: readonly TaskEvent[]; cursor: number }> {
  const bytes = await readCompleteLines(path, cursor);
  return { events: parseLines(bytes).flatMap(toTaskEvents), cursor: cursor + bytes.length };
}

async function readCompleteLines(path: string, cursor: number): Promise<Buffer> {
  // The directory is a task's to write in as well: a pipe in the file's place must not stop the reader.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
    nothingWhenMissing,
  );
  if (file === undefined) return Buffer.alloc(0);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error(`${path} is not a file any more`);
    const grownBy = Math.max(0, found.size - cursor);
    for (let limit = CHUNK_BYTES; ; limit *= 2) {
      const size = Math.min(limit, grownBy);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, cursor);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
      if (end > 0 || bytesRead < limit) return buffer.subarray(0, end);
    }
  } finally {
    await file.close();
  }
}

function nothingWhenMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

function parseLines(bytes: Buffer): readonly JsonObject[] {
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine)
    .filter(isJsonObject);
}

/** A line that the driver can't have written is skipped, like an event of another kind. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function toTaskEvents(event: JsonObject): readonly TaskEvent[] {
  if (event['event'] === 'task_started') return [started(event)];
  if (event['event'] === 'task_ended') return [ended(event)];
  return event['event'] === 'task_cached' ? cached(event) : [];
}

function started(event: JsonObject): TaskEvent {
  const stdoutPath = text(event['stdout']);
  const stderrPath = text(event['stderr']);
  return {
    type: 'started',
    taskId: taskIdOf(event),
    at: Number(event['at']),
    name: text(event['name']) ?? 'task',
    command: strings(event['command']),
    ...(stdoutPath !== undefined && { stdoutPath }),
    ...(stderrPath !== undefined && { stderrPath }),
    notes: resourceNotes(event),
  };
}

function resourceNotes(event: JsonObject): readonly string[] {
  const image = text(event['image']);
  return [
    ...strings(event['notes']),
    ...(image === undefined ? [] : [`${IMAGE_NOTE}${image}`]),
    ...(typeof event['cores'] === 'number' ? [`cores: ${event['cores']}`] : []),
    ...(typeof event['ram_mib'] === 'number' ? [`memory: ${event['ram_mib']} MiB`] : []),
  ];
}

function ended(event: JsonObject): TaskEvent {
  const exitCode = event['exit_code'];
  const error = text(event['error']);
  return {
    type: 'ended',
    taskId: taskIdOf(event),
    at: Number(event['at']),
    ...(typeof exitCode === 'number' && { exitCode }),
    notes: error === undefined ? [] : [error],
  };
}

/** The engine took the task's results from an earlier execution: it began and ended in one moment. */
function cached(event: JsonObject): readonly TaskEvent[] {
  const common = { taskId: taskIdOf(event), at: Number(event['at']) };
  const name = text(event['name']) ?? 'task';
  return [
    { type: 'started', ...common, name, command: [], notes: ['results of an earlier execution'] },
    { type: 'ended', ...common, exitCode: 0, notes: [] },
  ];
}

/** What became of a run. */
export interface Story {
  /** How many tasks ended, those included whose results were taken from an earlier execution. */
  readonly endedTasks: number;
  readonly failedTasks: readonly TaskEnd[];
  /** Absent when the driver could not tell it any more. */
  readonly end?: EngineEnd;
}

/** The whole story of an ended run. Of its tasks only the open and the failed ones are in memory at a time. */
export async function readStory(path: string): Promise<Story> {
  const starts = new Map<JsonValue | undefined, JsonObject>();
  const failedTasks: TaskEnd[] = [];
  let endedTasks = 0;
  let end: EngineEnd | undefined;
  for (let cursor = 0, size = -1; size !== 0; cursor += size) {
    const bytes = await readCompleteLines(path, cursor);
    size = bytes.length;
    for (const event of parseLines(bytes)) {
      if (event['event'] === 'task_started') starts.set(event['task'], event);
      if (event['event'] === 'engine_ended') end ??= engineEnd(event);
      if (event['event'] === 'task_cached') endedTasks += 1;
      if (event['event'] !== 'task_ended') continue;
      const task = taskEnd(event, starts.get(event['task']));
      starts.delete(event['task']);
      endedTasks += 1;
      if (task.failed) failedTasks.push(task);
    }
  }
  return { endedTasks, failedTasks, ...(end !== undefined && { end }) };
}

const HARMLESS = ['success', 'retried', 'ignored', 'stopped'] as const;

function taskEnd(event: JsonObject, start: JsonObject | undefined): TaskEnd {
  const exitCode = event['exit_code'];
  const error = text(event['error']);
  const stderrPath = text(start?.['stderr']);
  return {
    name: text(start?.['name']) ?? taskIdOf(event),
    ...(typeof exitCode === 'number' && { exitCode }),
    failed: !HARMLESS.some((status) => status === event['status']),
    ...(error !== undefined && { error }),
    ...(stderrPath !== undefined && { stderrPath }),
  };
}

const STATUSES = ['success', 'permanentFail', 'invalid', 'unsupported', 'error'] as const;

function engineEnd(event: JsonObject): EngineEnd {
  const about = text(event['about']);
  return {
    status: STATUSES.find((status) => status === event['status']) ?? 'error',
    message: text(event['message']) ?? '',
    ...(about !== undefined && { about }),
  };
}

function taskIdOf(event: JsonObject): string {
  return text(event['task']) ?? '';
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function strings(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
