import { LogController, type FastifyServerOptions } from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ConnectionError } from 'fastify';
import type { Socket } from 'node:net';
import type { ApiDeps } from './context.ts';
import { errorBody, sendError } from './errors.ts';

/** Longest segment of a path; one for an output file is a file name, percent-encoded. */
const MAX_PARAM_LENGTH = 4096;

/** A connection on which nothing moves is closed, so that a stalled upload does not stay for ever. */
const IDLE_CONNECTION_MS = 300_000;

export function serverOptions({
  logger,
  settings,
  authenticator,
}: ApiDeps): FastifyServerOptions & { readonly loggerInstance: ApiDeps['logger'] } {
  return {
    loggerInstance: logger,
    // One line for each request comes from access-log.ts; a logger for each request costs a third of the throughput.
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (parent) => parent,
    genReqId: () => randomUUID(),
    trustProxy: settings.trustProxy,
    connectionTimeout: IDLE_CONNECTION_MS,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    ajv: { customOptions: { coerceTypes: 'array', removeAdditional: false, strict: false } },
    frameworkErrors: (error, request, reply) => {
      sendError(error, request, reply, authenticator);
    },
    clientErrorHandler: answerBrokenRequest,
  };
}

const BROKEN_REQUEST_STATUS: Readonly<Partial<Record<string, number>>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const BROKEN_REQUEST_MESSAGE: Readonly<Partial<Record<number, string>>> = {
  431: 'the headers of the request are too large',
  408: 'the request took too long to arrive',
};

/** What Node could not read as HTTP never becomes a request, so the answer is written by hand. */
function answerBrokenRequest(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = BROKEN_REQUEST_STATUS[error.code] ?? 400;
  const msg = BROKEN_REQUEST_MESSAGE[status] ?? 'the request is not valid HTTP';
  const body = JSON.stringify(errorBody(status, msg));
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
