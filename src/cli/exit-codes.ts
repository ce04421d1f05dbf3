import { ConfigError } from '../config.ts';
import { WesError, type ErrorCode } from '../runs/errors.ts';
import { WesClientError, type ClientErrorKind } from '../wes/client-error.ts';

/** What the exit status of `wes` says; the same for every command. */
export const EXIT = {
  ok: 0,
  /** The run ended, but not in COMPLETE; or an operator command found or met something broken. */
  failed: 1,
  /** The command line or the configuration is wrong: nothing was done. */
  usage: 2,
  /** The server refused the request (4xx other than those below). */
  refused: 3,
  notFound: 4,
  unauthorized: 5,
  /** No answer from the server, or one that says the server is broken (5xx). */
  unavailable: 6,
  /** Ctrl-C, as a shell counts it: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CLIENT_ERROR: Readonly<Record<ClientErrorKind, ExitCode>> = {
  unreachable: EXIT.unavailable,
  server_error: EXIT.unavailable,
  unauthorized: EXIT.unauthorized,
  not_found: EXIT.notFound,
  refused: EXIT.refused,
};

/** Of errors that arise in this process, where what is invalid came from the command line or the settings. */
const BY_ERROR_CODE: Readonly<Record<ErrorCode, ExitCode>> = {
  invalid_request: EXIT.usage,
  too_large: EXIT.refused,
  run_not_found: EXIT.notFound,
  task_not_found: EXIT.notFound,
  log_not_found: EXIT.notFound,
  output_not_found: EXIT.notFound,
  unauthenticated: EXIT.unauthorized,
  forbidden: EXIT.unauthorized,
  too_many_attempts: EXIT.unauthorized,
  idempotency_conflict: EXIT.refused,
  quota_exceeded: EXIT.refused,
  wrong_state: EXIT.refused,
  unavailable: EXIT.unavailable,
};

/** The command can't be carried out as it was typed; the message says what to type instead. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** The person pressed Ctrl-C. */
export class InterruptedError extends Error {
  constructor() {
    super('Interrupted');
    this.name = 'InterruptedError';
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof UsageError || error instanceof ConfigError) return EXIT.usage;
  if (error instanceof WesClientError) return BY_CLIENT_ERROR[error.kind];
  if (error instanceof WesError) return BY_ERROR_CODE[error.code];
  return EXIT.failed;
}
