import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WesClientError } from '../../wes/client-error.ts';
import type { WesClient } from '../../wes/client.ts';
import { outputFiles, type RemoteFile } from './output-files.ts';

/** A file that is now on this machine. */
export interface DownloadedFile {
  readonly path: string;
  readonly size: number;
  /** False when the server told no checksum that could be checked. */
  readonly isVerified: boolean;
}

/** Fetches all output files of a run, one after the other. @throws WesClientError as `downloadFile`. */
export async function downloadOutputs(
  client: WesClient,
  runId: string,
  directory: string,
  signal: AbortSignal,
): Promise<readonly DownloadedFile[]> {
  const downloaded: DownloadedFile[] = [];
  for (const file of await outputFiles(client, runId)) {
    downloaded.push(await downloadFile(client, file, directory, signal));
  }
  return downloaded;
}

/**
 * Fetches a file to its place below `directory`. It appears there whole or not at all.
 * @throws WesClientError when the server can't give it, names a place outside `directory`, or gives
 *   other bytes than its size and checksum say.
 */
async function downloadFile(
  client: WesClient,
  file: RemoteFile,
  directory: string,
  signal: AbortSignal,
): Promise<DownloadedFile> {
  const path = join(directory, ...safeSegments(file.path));
  const partial = `${path}.part-${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  try {
    const measured = await fetchTo(client, file, partial, signal);
    checkContent(file, measured);
    await rename(partial, path);
    return { path, size: measured.size, isVerified: measured.digest !== undefined };
  } finally {
    await rm(partial, { force: true });
  }
}

interface Measured {
  readonly size: number;
  readonly digest: string | undefined;
}

async function fetchTo(
  client: WesClient,
  file: RemoteFile,
  target: string,
  signal: AbortSignal,
): Promise<Measured> {
  if (/^(?!https?:)[a-z][a-z0-9+.-]*:/i.test(file.address)) {
    throw new WesClientError(
      'refused',
      `${file.path} lies at ${file.address}: fetch it from there`,
    );
  }
  const { body } = await client.read(file.address);
  const hash = hashFor(file.checksum);
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      hash?.update(chunk);
      done(null, chunk);
    },
  });
  const source = body === null ? Readable.from([]) : Readable.fromWeb(body);
  await pipeline(source, measure, createWriteStream(target, { flags: 'wx' }), { signal });
  return { size, digest: hash?.digest('hex') };
}

/** `sha256:<hex>`, or as CWL writes it: `sha1$<hex>`. */
const CHECKSUM_PATTERN = /^(sha1|sha256|sha512|md5)[:$]([0-9a-f]+)$/i;

function hashFor(checksum: string | undefined): Hash | undefined {
  const algorithm = CHECKSUM_PATTERN.exec(checksum ?? '')?.[1];
  return algorithm === undefined ? undefined : createHash(algorithm.toLowerCase());
}

function checkContent(file: RemoteFile, measured: Measured): void {
  if (file.size !== undefined && file.size !== measured.size) {
    throw damaged(file, `${measured.size} bytes came, ${file.size} were told`);
  }
  const expected = CHECKSUM_PATTERN.exec(file.checksum ?? '')?.[2]?.toLowerCase();
  if (measured.digest !== undefined && measured.digest !== expected) {
    throw damaged(file, `its checksum is not ${file.checksum}`);
  }
}

function damaged(file: RemoteFile, problem: string): WesClientError {
  return new WesClientError('server_error', `${file.path} came damaged: ${problem}`);
}

/** The server names the places, so it must not be able to name one outside the directory. */
function safeSegments(path: string): readonly string[] {
  const segments = path.split('/');
  const isBad = (segment: string) => ['', '.', '..'].includes(segment) || /[\\\0]/.test(segment);
  if (segments.some(isBad)) {
    const problem = `The server names an output "${path}", which is no safe place for a file`;
    throw new WesClientError('server_error', problem);
  }
  return segments;
}
