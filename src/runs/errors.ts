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
  | 'quota_exceeded'
  | 'wrong_state'
  | 'unavailable';

export interface WesErrorOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number;
}

export class WesError extends Error {
  readonly code: ErrorCode;
  /** When the same may work, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: WesErrorOptions = {}) {
    super(message, options);
    this.name = 'WesError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The database failed in the middle of a write: nobody knows whether it happened. */
export class OutcomeUnknownError extends WesError {
  constructor(message: string, options?: ErrorOptions) {
    super('unavailable', message, options);
    this.name = 'OutcomeUnknownError';
  }

  /** The same once it is known that nothing was written. */
  asNotWritten(): WesError {
    return new WesError('unavailable', this.message, { cause: this.cause });
  }
}

/** The request can't be accepted as it is: `field` is the part of the request that is to be changed. */
export function invalidRequest(field: string, problem: string): WesError {
  return new WesError('invalid_request', `${field}: ${problem}`);
}
