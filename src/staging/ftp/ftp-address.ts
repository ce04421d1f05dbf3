import { FetchError } from '../protocol.ts';

export interface FtpAddress {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Absolute, as the server takes it. */
  readonly path: string;
}

const FTP_PORT = 21;
const ANONYMOUS = { user: 'anonymous', password: 'anonymous@' };

/** @throws FetchError */
export function parseFtpAddress(address: string): FtpAddress {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.hostname === '') throw bad('it is no valid address');
  const path = decoded(url.pathname);
  if (path === '/' || path.endsWith('/')) throw bad('it names a directory: name each file');
  const user = decoded(url.username);
  const password = decoded(url.password);
  // What a line break would begin is another command.
  if (/[\0\r\n]/.test(path + user + password)) throw bad('it has control characters');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? FTP_PORT : Number(url.port),
    path: path.replace(/;type=[ai]$/i, ''),
    ...(user === '' ? ANONYMOUS : { user, password }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad('it has a % that begins no character: write it as %25');
  }
}

function bad(reason: string): FetchError {
  return new FetchError(reason, false);
}
