/**
 * Errors with a code. They know nothing of HTTP: `api/` has the table from code to status, `cli/` the
 * one from code to exit status. A message names the thing that is wrong and the remedy; it is shown to
 * the client as it stands, so it never carries server paths or secrets.
 */
export type ErrorCode =
  | 'invalid_request'
  | 'too_large'
  | 'run_not_found'
  | 'task_not_found'
  | 'log_not_found'
  | 'output_not_found'
  | 'unauthenticated'
  | 'forbidden'
  | 'too_many_attempts'
  | 'idempotency_conflict'
  | 'unavailable';

export class WesError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WesError';
    this.code = code;
  }
}

/** The request can't be accepted as it is: `field` is the part of the request that is to be changed. */
export function invalidRequest(field: string, problem: string): WesError {
  return new WesError('invalid_request', `${field}: ${problem}`);
}
