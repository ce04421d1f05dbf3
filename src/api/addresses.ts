import type { FastifyRequest } from 'fastify';
import type { LogStream } from '../runs/storage-keys.ts';
import type { ApiSettings } from './context.ts';

/** Absolute addresses of what belongs to runs, under the name by which this client reached the service. */
export interface Addresses {
  run(runId: string): string;
  tasks(runId: string): string;
  runLog(runId: string, stream: LogStream): string;
  taskLog(runId: string, taskId: string, stream: LogStream): string;
  output(runId: string, path: string): string;
}

export function addressesFor(request: FastifyRequest, settings: ApiSettings): Addresses {
  const base = `${serverAddress(request, settings)}${settings.apiPrefix}`;
  const run = (runId: string) => `${base}/runs/${encodeURIComponent(runId)}`;
  return {
    run,
    tasks: (runId) => `${run(runId)}/tasks`,
    runLog: (runId, stream) => `${run(runId)}/logs/${stream}`,
    taskLog: (runId, taskId, stream) =>
      `${run(runId)}/tasks/${encodeURIComponent(taskId)}/logs/${stream}`,
    output: (runId, path) =>
      `${run(runId)}/outputs/${path.split('/').map(encodeURIComponent).join('/')}`,
  };
}

const HOST_PATTERN = /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** A `Host` that is no host (it is the client's own text) never gets into an address. */
function serverAddress(request: FastifyRequest, settings: ApiSettings): string {
  if (settings.publicUrl !== undefined) return settings.publicUrl.replace(/\/+$/, '');
  const host = HOST_PATTERN.test(request.host) ? request.host : localHost(request);
  return `${request.protocol}://${host}`;
}

function localHost(request: FastifyRequest): string {
  const { localAddress = '127.0.0.1', localPort = 80 } = request.socket;
  return localAddress.includes(':')
    ? `[${localAddress}]:${localPort}`
    : `${localAddress}:${localPort}`;
}
