import {
  OUTPUT_REFERENCE,
  type Run,
  type RunEvent,
  type RunRequest,
  type Task,
} from '../runs/run.ts';
import type { QueuePosition } from '../runs/run-store.ts';
import type { JsonObject, JsonValue } from '../runs/json.ts';
import type { Log, RunLog } from '../wes/run-log.ts';
import type { RunRequest as WesRunRequest } from '../wes/runs.ts';
import type { Addresses } from './addresses.ts';
import { taskLog } from './task-log.ts';
import { timestamp } from './timestamps.ts';

export interface RunLogParts {
  readonly run: Run;
  readonly events: readonly RunEvent[];
  /** Of a run that is QUEUED. */
  readonly queuePosition: QueuePosition | undefined;
  /** The first tasks; the whole list has an address of its own. */
  readonly tasks: readonly Task[];
  readonly addresses: Addresses;
  /** Address of a stored output by its path. */
  readonly outputAddress: (path: string) => string;
}

/** All that is known of a run, in the standard's words; what is not known yet is absent. */
export function runLog(parts: RunLogParts): RunLog {
  const { run, tasks, addresses, outputAddress } = parts;
  return {
    run_id: run.runId,
    request: wesRequest(run.request),
    state: run.state,
    run_log: workflowLog(parts),
    task_logs_url: addresses.tasks(run.runId),
    task_logs: tasks.map((task) => taskLog(run.runId, task, addresses)),
    outputs: run.state === 'COMPLETE' ? outputsWithAddresses(run.outputs, outputAddress) : {},
  };
}

function wesRequest(request: RunRequest): WesRunRequest {
  return {
    workflow_params: request.workflowParams ?? {},
    workflow_type: request.workflowType,
    workflow_type_version: request.workflowTypeVersion,
    workflow_url: request.workflowUrl,
    ...(request.tags !== undefined && { tags: request.tags }),
    ...(request.workflowEngine !== undefined && { workflow_engine: request.workflowEngine }),
    ...(request.workflowEngineVersion !== undefined && {
      workflow_engine_version: request.workflowEngineVersion,
    }),
    ...(request.workflowEngineParameters !== undefined && {
      workflow_engine_parameters: request.workflowEngineParameters,
    }),
  };
}

function workflowLog({ run, events, queuePosition, addresses }: RunLogParts): Log {
  return {
    name: workflowName(run.request.workflowUrl),
    ...(run.command !== undefined && { cmd: [...run.command] }),
    ...(run.startedAt !== undefined && { start_time: timestamp(run.startedAt) }),
    ...(run.endedAt !== undefined && { end_time: timestamp(run.endedAt) }),
    stdout: addresses.runLog(run.runId, 'stdout'),
    stderr: addresses.runLog(run.runId, 'stderr'),
    ...(run.exitCode !== undefined && { exit_code: run.exitCode }),
    system_logs: [
      engineLine(run),
      ...(run.rerunOf === undefined ? [] : [`rerun of run ${run.rerunOf}`]),
      ...events.map(eventLine),
      ...(queuePosition === undefined ? [] : [queueLine(queuePosition)]),
    ],
  };
}

/** The workflow's file name, with the part of it that was asked for: `packed.cwl#main`. */
function workflowName(workflowUrl: string): string {
  const [, address = '', fragment = ''] = /^([^?#]*)(?:\?[^#]*)?(#.*)?$/s.exec(workflowUrl) ?? [];
  const segments = address.split('/').filter((segment) => segment !== '');
  return `${segments.at(-1) ?? ''}${fragment}`;
}

function engineLine({ engine, engineVersion, executor, attempt }: Run): string {
  const version = engineVersion === undefined ? '' : ` ${engineVersion}`;
  const where = executor === undefined ? '' : `, executor ${executor}`;
  return `engine ${engine}${version}${where}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
}

function eventLine({ at, from, to, actor, reason }: RunEvent): string {
  const move = from === undefined || from === to ? to : `${from} → ${to}`;
  return `${timestamp(at)} ${move}: ${reason} (${actor})`;
}

/** The one line that tells what is so now, and not what happened. */
function queueLine({ position, isAtLeast }: QueuePosition): string {
  return `position in the queue: ${isAtLeast ? 'at least ' : ''}${position}`;
}

function outputsWithAddresses(
  outputs: JsonObject | undefined,
  outputAddress: (path: string) => string,
): JsonObject {
  const replace = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') {
      if (!value.startsWith(OUTPUT_REFERENCE)) return value;
      return outputAddress(value.slice(OUTPUT_REFERENCE.length));
    }
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    return replaceIn(value as JsonObject); // an object that is no array
  };
  const replaceIn = (object: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, replace(value)]));
  return replaceIn(outputs ?? {});
}
