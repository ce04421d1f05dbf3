import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { WesError } from '../../runs/errors.ts';
import { runLogKey, taskLogKey } from '../../runs/storage-keys.ts';
import type { RunStateRow, RunStore } from '../../runs/run-store.ts';
import type { LogStream } from '../../runs/storage-keys.ts';
import { StorageError } from '../../storage/storage.ts';
import type { ApiInstance } from '../api-instance.ts';
import { findVisibleRunState } from '../context.ts';
import type { ApiDeps } from '../context.ts';
import { timestamp } from '../timestamps.ts';
import { isTerminal } from '../../runs/state.ts';
import { createFollowLog, type FollowedLog, type FollowLog } from '../streams/follow-log.ts';
import { placeOf, type LogPlace } from '../streams/log-events.ts';
import type { EventStreams } from '../streams/server-sent-events.ts';
import { byteResponses } from './byte-responses.ts';
import { startOfLastLines } from './last-lines.ts';
import { isFollowing, LogQuery } from './log-query.ts';
import { sendBytes } from './send-bytes.ts';
import type { Source } from './send-bytes.ts';

const RunLogParams = Type.Object({ run_id: Type.String(), stream: Type.String() });
const TaskLogParams = Type.Object({
  run_id: Type.String(),
  task_id: Type.String(),
  stream: Type.String(),
});

const SCHEMA = {
  tags: ['Workflow Runs'],
  querystring: LogQuery,
  response: byteResponses({
    'text/plain; charset=utf-8': Type.String({ description: 'What was written so far.' }),
    'text/event-stream': Type.String({ description: 'With `follow`: what is written, as it is.' }),
  }),
};

/** Logs as they grow: what `stdout` and `stderr` in run and task logs point to. */
export function registerLogRoutes(app: ApiInstance, deps: ApiDeps, streams: EventStreams): void {
  const logs = { ...deps, streams, followLog: createFollowLog(deps.storage, deps.logger) };
  for (const method of ['GET', 'HEAD'] as const) {
    registerRunLog(app, logs, method);
    registerTaskLog(app, logs, method);
  }
}

interface LogDeps extends ApiDeps {
  readonly streams: EventStreams;
  readonly followLog: FollowLog;
}

function registerRunLog(app: ApiInstance, deps: LogDeps, method: 'GET' | 'HEAD'): void {
  app.route({
    method,
    exposeHeadRoute: false,
    url: `${deps.settings.apiPrefix}/runs/:run_id/logs/:stream`,
    schema: {
      ...SCHEMA,
      hide: method === 'HEAD',
      operationId: 'GetRunLogStream',
      summary: 'GetRunLogStream',
      description: 'Standard output (`stdout`) or standard error (`stderr`) of the engine.',
      params: RunLogParams,
    },
    handler: async (request, reply) => {
      const run = await findVisibleRunState(deps, request, request.params.run_id);
      const { runId } = run;
      const stream = logStream(request.params.stream);
      return answerWithLog(deps, request, reply, {
        ...run,
        keyOf: (attempt) => runLogKey({ runId, attempt }, stream),
        look: () => lookAtRun(deps.store, runId),
      });
    },
  });
}

function registerTaskLog(app: ApiInstance, deps: LogDeps, method: 'GET' | 'HEAD'): void {
  app.route({
    method,
    exposeHeadRoute: false,
    url: `${deps.settings.apiPrefix}/runs/:run_id/tasks/:task_id/logs/:stream`,
    schema: {
      ...SCHEMA,
      hide: method === 'HEAD',
      operationId: 'GetTaskLogStream',
      summary: 'GetTaskLogStream',
      description: 'Standard output (`stdout`) or standard error (`stderr`) of a task.',
      params: TaskLogParams,
    },
    handler: async (request, reply) => {
      const run = await findVisibleRunState(deps, request, request.params.run_id);
      const { runId } = run;
      const { task_id: taskId } = request.params;
      const task = await deps.store.getTask(runId, taskId);
      if (task === undefined)
        throw new WesError('task_not_found', `task ${taskId} of run ${runId} was not found`);
      const stream = logStream(request.params.stream);
      return answerWithLog(deps, request, reply, {
        ...run,
        keyOf: (attempt) => taskLogKey({ runId, attempt }, task.taskId, stream),
        look: () => lookAtTask(deps.store, runId, taskId),
      });
    },
  });
}

function logStream(name: string): LogStream {
  if (name === 'stdout' || name === 'stderr') return name;
  throw new WesError('log_not_found', `there is no log ${name}: logs are stdout and stderr`);
}

type StoredLog = FollowedLog & RunStateRow;
type LogRequest = FastifyRequest<{ Querystring: LogQuery }>;

/** Logs are stored before a run's, or a task's, end is: an end that is seen means that they are whole. */
async function lookAtRun(store: RunStore, runId: string): ReturnType<FollowedLog['look']> {
  const run = await store.getRunState(runId);
  return run && { attempt: run.attempt, isOver: isTerminal(run.state) };
}

async function lookAtTask(
  store: RunStore,
  runId: string,
  taskId: string,
): ReturnType<FollowedLog['look']> {
  const task = await store.getTask(runId, taskId);
  const run = await lookAtRun(store, runId);
  return run && { ...run, isOver: run.isOver || task?.endedAt !== undefined };
}

async function answerWithLog(
  deps: LogDeps,
  request: LogRequest,
  reply: FastifyReply,
  log: StoredLog,
): Promise<FastifyReply> {
  const { attempt } = log;
  const key = log.keyOf(attempt);
  const stat = await deps.storage.stat(key);
  if (!stat) await refuseRemoved(deps.store, log.runId);
  // Nothing written yet and nothing there are the same to a reader.
  const sizeBytes = stat?.sizeBytes ?? 0;
  const { tail } = request.query;
  const offset =
    tail === undefined ? 0 : await startOfLastLines(deps.storage, key, sizeBytes, tail);
  if (!isFollowing(request.query) || request.method === 'HEAD') {
    return sendLog(deps.storage, request, reply, { key, start: offset, sizeBytes });
  }
  const from = placeAsked(request) ?? { attempt, offset };
  return deps.streams.send(reply, (signal) => deps.followLog(log, from, signal));
}

/** Where a client was when it lost its connection. */
function placeAsked({ headers }: LogRequest): LogPlace | undefined {
  const id = headers['last-event-id'];
  return id === undefined || id === '' ? undefined : placeOf(String(id));
}

async function refuseRemoved(store: RunStore, runId: string): Promise<void> {
  const removedAt = (await store.getRun(runId))?.logsRemovedAt;
  if (removedAt === undefined) return;
  const message = `the logs of run ${runId} were removed on ${timestamp(removedAt)}, because of their age`;
  throw new WesError('log_not_found', message);
}

interface LogPart {
  readonly key: string;
  /** Where the part begins; it goes on to the end. */
  readonly start: number;
  readonly sizeBytes: number;
}

/** The length is fixed here, so that a log that grows meanwhile does not outrun its own headers. */
function sendLog(
  storage: ApiDeps['storage'],
  request: FastifyRequest,
  reply: FastifyReply,
  { key, start, sizeBytes }: LogPart,
): Promise<FastifyReply> {
  reply.headers({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  const source: Source = {
    sizeBytes: sizeBytes - start,
    open: (range) =>
      storage.get(key, { start: start + range.start, end: start + range.end }).catch(logIsGone),
  };
  return sendBytes(request, reply, source, request.headers.range);
}

function logIsGone(error: unknown): never {
  if (error instanceof StorageError && error.code === 'not_found')
    throw new WesError('log_not_found', 'the log was removed just now', { cause: error });
  throw error;
}
