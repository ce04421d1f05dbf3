import { FTPError } from 'basic-ftp';
import { FetchError } from '../protocol.ts';

/** Codes of RFC 959 that begin with 4 are passing by its own words, except as told here. */
const NOT_LOGGED_IN = [430, 530, 532];
const NOT_THERE = [550, 553];
const TOO_MANY_USERS = 421;

/** What the server said, or how the connection broke, in words for whoever submitted the run. */
export function asFetchError(error: unknown, isAnonymous: boolean): FetchError {
  if (error instanceof FetchError) return error;
  if (!(error instanceof FTPError)) return broken(error);
  const { code } = error;
  if (isTooManyUsers(error)) return failed('the server has too many users now', true, error);
  if (NOT_LOGGED_IN.includes(code)) return failed(notLoggedIn(isAnonymous), false, error);
  if (NOT_THERE.includes(code)) {
    return failed('there is no such file, or it may not be read', false, error);
  }
  return failed(`the server answered ${code}`, code < 500, error);
}

/** Many servers say so with the code of a wrong password. */
function isTooManyUsers({ code, message }: FTPError): boolean {
  return code === TOO_MANY_USERS || (code === 530 && /too many|maximum|limit/i.test(message));
}

function notLoggedIn(isAnonymous: boolean): string {
  return isAnonymous
    ? 'the server lets nobody in without a name and password: give them as ftp://user:password@host/…'
    : 'the server refused the user or the password';
}

function broken(error: unknown): FetchError {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('PASV returned another host')) {
    return failed(
      'the server wants to send it from another host, which is not allowed',
      false,
      error,
    );
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return failed(`the connection to the server broke (${code ?? firstLine(text)})`, true, error);
}

/** Of a library's message; what it was told (a password) is in none of them. */
function firstLine(text: string): string {
  return text.split(/[\r\n]/, 1)[0]?.slice(0, 200) ?? '';
}

function failed(reason: string, isPassing: boolean, cause: unknown): FetchError {
  return new FetchError(reason, isPassing, { cause });
}
