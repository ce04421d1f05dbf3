import { STATUS_CODES } from 'node:http';
import { FetchError } from './protocol.ts';

/** An answer other than 2xx. */
export function answerError(status: number, retryAfter: string | undefined): FetchError {
  const reason = `answered ${status} ${STATUS_CODES[status] ?? ''}`.trim();
  const seconds = /^\d{1,5}$/.test(retryAfter ?? '')
    ? { retryAfterSeconds: Number(retryAfter) }
    : {};
  return new FetchError(reason, isPassingStatus(status), { status, ...seconds });
}

/** 408 Request Timeout, 425 Too Early, 429 Too Many Requests; of servers' errors those about what they can do at all stay. */
function isPassingStatus(status: number): boolean {
  if ([408, 425, 429].includes(status)) return true;
  return status >= 500 && ![501, 505, 511].includes(status);
}

/** By code of the system, of the resolver, of TLS; what is not here is told by its code. */
const REASONS: Readonly<Record<string, readonly [reason: string, isPassing: boolean]>> = {
  ENOTFOUND: ['its host was not found', false],
  EAI_AGAIN: ['its host could not be looked up', true],
  ECONNREFUSED: ['the connection was refused', true],
  ECONNRESET: ['the connection broke', true],
  ERR_STREAM_PREMATURE_CLOSE: ['the connection broke', true],
  EPIPE: ['the connection broke', true],
  ETIMEDOUT: ['the connection timed out', true],
  EHOSTUNREACH: ['its host can not be reached', true],
  ENETUNREACH: ['its network can not be reached', true],
  CERT_HAS_EXPIRED: ["the server's certificate has expired", false],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["the server's certificate is signed by itself", false],
  ERR_TLS_CERT_ALTNAME_INVALID: ["the server's certificate is for another name", false],
};

/** What went wrong with a connection, in words that give away nothing of the request. */
export function asFetchError(error: unknown): FetchError {
  if (error instanceof FetchError) return error;
  const code = codeOf(error);
  const known = REASONS[code];
  if (known) return new FetchError(known[0], known[1], { cause: error });
  if (/CERT|SIGNATURE|_TLS_|_SSL_/.test(code)) {
    return new FetchError(`no safe connection is possible (${code})`, false, { cause: error });
  }
  // The parser's: what came is no HTTP.
  if (code.startsWith('HPE_')) {
    return new FetchError(`its answer can not be understood (${code})`, false, { cause: error });
  }
  return new FetchError(`the connection failed (${code || 'unknown'})`, true, { cause: error });
}

/** When several addresses of a host were tried, the first tells. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error.code;
  return '';
}
