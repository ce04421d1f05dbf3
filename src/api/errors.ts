import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../auth/principal.ts';
import { WesError, type ErrorCode } from '../runs/errors.ts';
import type { ErrorResponse } from '../wes/error-response.ts';
import { HttpError } from './http-error.ts';
import { isUnavailable } from './unavailable.ts';
import { validationMessage } from './validation-message.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  too_large: 413,
  run_not_found: 404,
  task_not_found: 404,
  log_not_found: 404,
  output_not_found: 404,
  unauthenticated: 401,
  forbidden: 403,
  too_many_attempts: 429,
  idempotency_conflict: 422,
  quota_exceeded: 429,
  wrong_state: 409,
  unavailable: 503,
};

/** How long a client should wait before it asks again, in seconds. */
const RETRY_AFTER_SECONDS: Readonly<Partial<Record<number, number>>> = { 429: 30, 503: 5 };

interface ErrorAnswer {
  readonly status: number;
  readonly msg: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The standard's form of an error, on every path that leads to one. */
export function errorBody(status: number, msg: string): ErrorResponse {
  return { msg, status_code: status };
}

/** Answers for any error that a hook or a handler ends with; details of a failure of ours stay in the log. */
export function sendError(
  error: unknown,
  request: Pick<FastifyRequest, 'id' | 'log'>,
  reply: FastifyReply,
  authenticator: Pick<Authenticator, 'challenge'>,
): FastifyReply {
  const answer = answerTo(error, request.id, authenticator);
  if (answer.status >= 500) {
    request.log.error({ err: error, request_id: request.id }, 'request failed');
  }
  return reply
    .code(answer.status)
    .headers(answer.headers)
    .type('application/json; charset=utf-8')
    .send(errorBody(answer.status, answer.msg));
}

function answerTo(
  error: unknown,
  requestId: string,
  authenticator: Pick<Authenticator, 'challenge'>,
): ErrorAnswer {
  if (error instanceof HttpError) {
    return { status: error.statusCode, msg: error.message, headers: error.headers };
  }
  if (isUnavailable(error)) {
    return withHeaders(
      503,
      `the service's database or storage can't be reached or is full; try again later`,
      {},
    );
  }
  if (error instanceof WesError) {
    const status = STATUS[error.code];
    const asks = status === 401 && authenticator.challenge !== undefined;
    return withHeaders(
      status,
      error.message,
      asks ? { 'www-authenticate': authenticator.challenge } : {},
      error.retryAfterSeconds,
    );
  }
  return answerToFramework(error) ?? internalError(requestId);
}

function withHeaders(
  status: number,
  msg: string,
  headers: Readonly<Record<string, string>>,
  retryAfterSeconds = RETRY_AFTER_SECONDS[status],
): ErrorAnswer {
  return {
    status,
    msg,
    headers: {
      ...headers,
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
  };
}

/** Errors of the web framework and its plugins carry a status; those below 500 speak about the request. */
function answerToFramework(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  const { statusCode: status, code, validation, validationContext } = error as FastifyError; // the fields are optional there
  if (validation !== undefined) {
    return withHeaders(400, validationMessage(validation, validationContext), {});
  }
  if (status === undefined || status < 400 || status >= 500) return undefined;
  return withHeaders(status, FRAMEWORK_MESSAGES[code] ?? error.message, {});
}

const FRAMEWORK_MESSAGES: Readonly<Partial<Record<string, string>>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    'Content-Type: is not supported here; send multipart/form-data, application/json or application/x-www-form-urlencoded',
  FST_ERR_CTP_BODY_TOO_LARGE:
    'the body is larger than this service takes; attach large data as workflow_attachment of multipart/form-data',
  FST_ERR_BAD_URL: 'the path of the URL is not valid: check its percent-encoding',
  FST_ERR_MAX_PARAM_LENGTH: 'the path of the URL is too long',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length: differs from the length of the body',
};

function internalError(requestId: string): ErrorAnswer {
  return {
    status: 500,
    msg: `an unexpected error occurred; the log of the service has it under request ${requestId}`,
    headers: {},
  };
}
