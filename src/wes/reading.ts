import type { OutputFile } from './output-list.ts';
import type { Log, RunLog, TaskLog } from './run-log.ts';
import type { RunHistory } from './run-history.ts';
import type { RunRequest, RunSummary } from './runs.ts';
import type { ServiceInfo } from './service-info.ts';
import type { State } from './state.ts';

/**
 * Reads what WES servers of versions 1.0 and 1.1 answer into the shapes of 1.1. Servers in the field
 * send null for what is absent, leave out what is required, give tasks without ids and call the list
 * of runs `workflows`. What can't be read is left out rather than refused.
 */

/** A run's log with what a caller can always count on. */
export interface RunRecord extends Omit<RunLog, 'task_logs'> {
  readonly run_id: string;
  readonly state: State;
  readonly run_log: Log;
  readonly task_logs: readonly TaskLog[];
}

export type RunState = RunSummary & { readonly state: State };

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Asks for the next page; undefined at the end. */
  readonly nextPageToken: string | undefined;
}

/** Service-info of any version: of a 1.0 server parts are missing. */
export type ServiceFacts = Partial<ServiceInfo>;

type Fields = Readonly<Record<string, unknown>>;

const KNOWN_STATES: Readonly<Record<State, true>> = {
  UNKNOWN: true,
  QUEUED: true,
  INITIALIZING: true,
  RUNNING: true,
  PAUSED: true,
  COMPLETE: true,
  EXECUTOR_ERROR: true,
  SYSTEM_ERROR: true,
  CANCELED: true,
  CANCELING: true,
  PREEMPTED: true,
};

export function readServiceInfo(answer: unknown): ServiceFacts {
  const info = withoutNulls(fields(answer));
  // WES 1.0 has plain strings where 1.1 has lists of engine versions.
  const engines = Object.entries(fields(info.workflow_engine_versions)).map(([engine, version]) => {
    const list = typeof version === 'string' ? [version] : fields(version).workflow_engine_version;
    return [engine, { workflow_engine_version: strings(list) ?? [] }] as const;
  });
  const facts: unknown = { ...info, workflow_engine_versions: Object.fromEntries(engines) };
  return facts as ServiceFacts; // all fields are optional; they are shown to people only
}

export function readRunList(answer: unknown): Page<RunState> {
  const { runs, workflows, next_page_token: token } = fields(answer);
  const rows = array(runs ?? workflows).map((row) => readRunStatus(row));
  return { items: rows, nextPageToken: text(token) || undefined };
}

export function readRunStatus(answer: unknown): RunState {
  const row = fields(answer);
  return {
    run_id: text(row.run_id) ?? '',
    state: readState(row.state),
    tags: textMap(row.tags) ?? {},
    ...given('start_time', text(row.start_time)),
    ...given('end_time', text(row.end_time)),
  };
}

export function readHistory(answer: unknown, runId: string): RunHistory {
  const {
    run_id: id,
    rerun_of: origin,
    history,
    paused_seconds: paused,
    attempts,
  } = fields(answer);
  return {
    run_id: text(id) ?? runId,
    ...given('rerun_of', text(origin)),
    history: array(history).map((entry) => {
      const { time, from, to, actor, reason } = fields(entry);
      return {
        time: text(time) ?? '',
        ...(from !== undefined && from !== null && { from: readState(from) }),
        to: readState(to),
        actor: text(actor) ?? '',
        reason: text(reason) ?? '',
      };
    }),
    paused_seconds: typeof paused === 'number' ? paused : 0,
    attempts: typeof attempts === 'number' ? attempts : 0,
  };
}

/** The place in the queue as it is shown: `3`, or `at least 3`. */
export function readQueuePosition(answer: unknown): string | undefined {
  const { position, at_least: isAtLeast } = fields(answer);
  if (typeof position !== 'number') return undefined;
  return isAtLeast === true ? `at least ${position}` : String(position);
}

export function readRunId(answer: unknown): string | undefined {
  const { run_id: runId, workflow_id: oldName } = fields(answer);
  return text(runId) || text(oldName) || undefined;
}

export function readRunLog(answer: unknown, runId: string): RunRecord {
  const run = fields(answer);
  const request = isFields(run.request) ? readRequest(run.request) : undefined;
  return {
    run_id: text(run.run_id) ?? runId,
    state: readState(run.state),
    run_log: readLog(run.run_log),
    task_logs: readTasks(run.task_logs),
    // Inside outputs null has a meaning: an optional output that is not there.
    outputs: fields(run.outputs),
    ...given('request', request),
    ...given('task_logs_url', text(run.task_logs_url)),
  };
}

export function readTaskList(answer: unknown): Page<TaskLog> {
  const { task_logs: tasks, next_page_token: token } = fields(answer);
  return { items: readTasks(tasks), nextPageToken: text(token) || undefined };
}

export function readTask(answer: unknown, position: number): TaskLog {
  const task = fields(answer);
  const { id, name, tes_uri: tesUri } = task;
  const taskId = typeof id === 'number' ? String(id) : text(id) || String(position);
  return {
    ...readLog(task),
    id: taskId,
    name: text(name) ?? `task ${taskId}`,
    ...given('tes_uri', text(tesUri)),
  };
}

export function readOutputList(answer: unknown): Page<OutputFile> {
  const { outputs, next_page_token: token } = fields(answer);
  const files = array(outputs)
    .filter(isFields)
    .map((file) => ({
      path: text(file.path) ?? '',
      size: integer(file.size) ?? 0,
      checksum: text(file.checksum) ?? '',
      media_type: text(file.media_type) ?? 'application/octet-stream',
      url: text(file.url) ?? '',
    }));
  return { items: files, nextPageToken: text(token) || undefined };
}

function readTasks(value: unknown): readonly TaskLog[] {
  return array(value)
    .filter(isFields)
    .map((task, index) => readTask(task, index + 1));
}

function readLog(value: unknown): Log {
  const log = fields(value);
  // WES 1.0 drafts had the command line as one string.
  const command = typeof log.cmd === 'string' ? [log.cmd] : strings(log.cmd);
  return {
    ...given('name', text(log.name)),
    ...given('cmd', command),
    ...given('start_time', text(log.start_time)),
    ...given('end_time', text(log.end_time)),
    ...given('stdout', text(log.stdout)),
    ...given('stderr', text(log.stderr)),
    ...given('exit_code', integer(log.exit_code)),
    ...given('system_logs', strings(log.system_logs)),
  };
}

function readRequest(value: Fields): RunRequest {
  return {
    workflow_type: text(value.workflow_type) ?? '',
    workflow_type_version: text(value.workflow_type_version) ?? '',
    workflow_url: text(value.workflow_url) ?? '',
    ...given(
      'workflow_params',
      isFields(value.workflow_params) ? value.workflow_params : undefined,
    ),
    ...given('tags', textMap(value.tags)),
    ...given('workflow_engine', text(value.workflow_engine)),
    ...given('workflow_engine_version', text(value.workflow_engine_version)),
    ...given('workflow_engine_parameters', textMap(value.workflow_engine_parameters)),
  };
}

/** The standard's own default for a state that is missing; a state of a later version is as unknown. */
export function readState(value: unknown): State {
  return typeof value === 'string' && value in KNOWN_STATES ? (value as State) : 'UNKNOWN'; // in the table
}

/** An object with one field, or with none when there is no value. */
function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Key in Name]: Value }); // one key, as typed
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function withoutNulls(object: Fields): Fields {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function integer(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function strings(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}

function textMap(value: unknown): Record<string, string> | undefined {
  if (!isFields(value)) return undefined;
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, typeof item === 'string' ? item : JSON.stringify(item)]),
  );
}
