import { Client } from 'basic-ftp';
import { PassThrough, Readable } from 'node:stream';
import type { OpenRequest, Protocol, RemoteFile } from '../protocol.ts';
import { parseFtpAddress, type FtpAddress } from './ftp-address.ts';
import { asFetchError } from './ftp-failure.ts';

export interface FtpDeps {
  /**
   * The IP address of a host.
   * @throws FetchError when it is none that may be reached
   */
  resolveHost(host: string, signal: AbortSignal): Promise<string>;
  readonly now: () => number;
  /** How long a connection may be silent before it counts as broken. */
  readonly silenceMs?: number;
}

const SILENCE_MS = 60_000;
/** Two changes within a second look the same; so what changed lately is not taken to be known by its time. */
const SETTLED_MS = 3_600_000;

/** Passive connections only, and only to the host of the control connection (the library sees to that). */
export function createFtpProtocol(deps: FtpDeps): Protocol {
  return {
    schemes: ['ftp'],
    open: async (address, request) => {
      const place = parseFtpAddress(address);
      const host = await deps.resolveHost(place.host, request.signal);
      const client = new Client(deps.silenceMs ?? SILENCE_MS);
      const stop = () => client.close();
      request.signal.addEventListener('abort', stop, { once: true });
      const close = () => {
        request.signal.removeEventListener('abort', stop);
        client.close();
      };
      try {
        request.signal.throwIfAborted();
        await client.access({ host, port: place.port, user: place.user, password: place.password });
        return await openFile(client, place, request, { deps, close });
      } catch (error) {
        close();
        request.signal.throwIfAborted();
        throw asFetchError(error, isAnonymous(place));
      }
    },
  };
}

interface Connection {
  readonly deps: FtpDeps;
  close(): void;
}

async function openFile(
  client: Client,
  place: FtpAddress,
  request: OpenRequest,
  connection: Connection,
): Promise<RemoteFile> {
  const sizeBytes = await sizeOf(client, place.path);
  const version = await versionOf(client, place.path, sizeBytes, connection.deps.now());
  const isSame = version !== undefined && version === request.version;
  const offset = isSame && request.offset < (sizeBytes ?? 0) ? request.offset : 0;
  return {
    offset,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(version !== undefined && { version }),
    checksums: [],
    body: await download(client, place, offset, connection),
  };
}

/** Not every server tells. */
async function sizeOf(client: Client, path: string): Promise<number | undefined> {
  return await client.size(path).catch((error: unknown) => unless(client, error));
}

async function versionOf(
  client: Client,
  path: string,
  sizeBytes: number | undefined,
  now: number,
): Promise<string | undefined> {
  const changedAt = await client.lastMod(path).catch((error: unknown) => unless(client, error));
  const time = changedAt?.getTime();
  if (sizeBytes === undefined || time === undefined || !(time < now - SETTLED_MS)) return undefined;
  return `${sizeBytes} ${new Date(time).toISOString()}`;
}

/** An answer that says no leaves the connection open; anything else is the end of it. */
function unless(client: Client, error: unknown): undefined {
  if (client.closed) throw error;
  return undefined;
}

/**
 * Resolves with the first bytes, or when there are none. It ends only when the server says that it sent all:
 * a connection that is closed in between looks like the end of the file.
 */
async function download(
  client: Client,
  place: FtpAddress,
  offset: number,
  { close }: Connection,
): Promise<Readable> {
  const received = new PassThrough();
  received.on('error', () => undefined);
  const sent = client.downloadTo(received, place.path, offset);
  const begun = new Promise<void>((resolve) => received.once('readable', resolve));
  await Promise.race([begun, sent]);
  const body = Readable.from(whole(received, sent, isAnonymous(place)), { objectMode: false });
  body.once('close', close);
  return body;
}

async function* whole(received: Readable, sent: Promise<unknown>, withoutName: boolean) {
  let failure: unknown;
  // It may break before somebody listens.
  const ended = sent.catch((error: unknown) => {
    failure = error;
  });
  try {
    yield* received;
  } catch (error) {
    failure ??= error;
  }
  await ended;
  if (failure !== undefined) throw asFetchError(failure, withoutName);
}

function isAnonymous({ user }: FtpAddress): boolean {
  return user === 'anonymous';
}
