import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { WesError } from '../../runs/errors.ts';
import { runLogKey, taskLogKey } from '../../runs/storage-keys.ts';
import type { RunStore } from '../../runs/run-store.ts';
import type { LogStream } from '../../runs/storage-keys.ts';
import { StorageError } from '../../storage/storage.ts';
import type { ApiInstance } from '../api-instance.ts';
import { findVisibleRunState } from '../context.ts';
import type { ApiDeps } from '../context.ts';
import { timestamp } from '../timestamps.ts';
import { byteResponses } from './byte-responses.ts';
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
  response: byteResponses({
    'text/plain; charset=utf-8': Type.String({ description: 'What was written so far.' }),
  }),
};

/** Logs as they grow: what `stdout` and `stderr` in run and task logs point to. */
export function registerLogRoutes(app: ApiInstance, deps: ApiDeps): void {
  for (const method of ['GET', 'HEAD'] as const) {
    registerRunLog(app, deps, method);
    registerTaskLog(app, deps, method);
  }
}

function registerRunLog(app: ApiInstance, deps: ApiDeps, method: 'GET' | 'HEAD'): void {
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
      const { runId } = await findVisibleRunState(deps, request, request.params.run_id);
      const stream = logStream(request.params.stream);
      return sendLog(deps, request, reply, { runId, key: runLogKey(runId, stream) });
    },
  });
}

function registerTaskLog(app: ApiInstance, deps: ApiDeps, method: 'GET' | 'HEAD'): void {
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
      const { runId } = await findVisibleRunState(deps, request, request.params.run_id);
      const { task_id: taskId, stream } = request.params;
      const task = await deps.store.getTask(runId, taskId);
      if (task === undefined)
        throw new WesError('task_not_found', `task ${taskId} of run ${runId} was not found`);
      const key = taskLogKey(runId, task.taskId, logStream(stream));
      return sendLog(deps, request, reply, { runId, key });
    },
  });
}

function logStream(name: string): LogStream {
  if (name === 'stdout' || name === 'stderr') return name;
  throw new WesError('log_not_found', `there is no log ${name}: logs are stdout and stderr`);
}

interface StoredLog {
  readonly runId: string;
  readonly key: string;
}

async function refuseRemoved(store: RunStore, runId: string): Promise<void> {
  const removedAt = (await store.getRun(runId))?.logsRemovedAt;
  if (removedAt === undefined) return;
  const message = `the logs of run ${runId} were removed on ${timestamp(removedAt)}, because of their age`;
  throw new WesError('log_not_found', message);
}

/** The length is fixed here, so that a log that grows meanwhile does not outrun its own headers. */
async function sendLog(
  { storage, store }: ApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { runId, key }: StoredLog,
): Promise<FastifyReply> {
  const stat = await storage.stat(key);
  if (!stat) await refuseRemoved(store, runId);
  // Nothing written yet and nothing there are the same to a reader.
  const sizeBytes = stat?.sizeBytes ?? 0;
  reply.headers({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  const source: Source = {
    sizeBytes,
    open: (range) => storage.get(key, range).catch(logIsGone),
  };
  return sendBytes(request, reply, source, request.headers.range);
}

function logIsGone(error: unknown): never {
  if (error instanceof StorageError && error.code === 'not_found')
    throw new WesError('log_not_found', 'the log was removed just now', { cause: error });
  throw error;
}
