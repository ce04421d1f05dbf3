/** Why a call to a WES server failed, as far as a caller has to tell the cases apart. */
export type ClientErrorKind =
  /** No answer: the name is unknown, nothing listens, the connection broke, or it took too long. */
  | 'unreachable'
  /** The server answered 5xx, or something that is no WES answer. */
  | 'server_error'
  | 'unauthorized'
  | 'not_found'
  /** Any other 4xx: the request as it stands will never be accepted. */
  | 'refused';

/** A call to a WES server failed. The message names the server or the thing; it carries no credentials. */
export class WesClientError extends Error {
  readonly kind: ClientErrorKind;
  /** HTTP status; absent when there was no answer. */
  readonly status: number | undefined;

  constructor(kind: ClientErrorKind, message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WesClientError';
    this.kind = kind;
    this.status = status;
  }
}

export function errorKindOf(status: number): ClientErrorKind {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  return status >= 400 && status < 500 ? 'refused' : 'server_error';
}

/** True when asking again later may help. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof WesClientError)) return false;
  return error.kind === 'unreachable' || error.kind === 'server_error' || error.status === 429;
}
