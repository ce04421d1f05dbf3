import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WesClientError } from '../../../wes/client-error.ts';
import type { WesClient } from '../../../wes/client.ts';

/**
 * Fetches the crate of a run into a file, which appears whole or not at all: the metadata alone when it is
 * named `.json` or `.jsonld`, else the archive with the files.
 * @throws WesClientError when the server can't give it, or breaks off
 */
export async function downloadCrate(
  client: WesClient,
  runId: string,
  path: string,
  { withLogs, signal }: { readonly withLogs: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const withFiles = !/\.(json|jsonld)$/i.test(path);
  const { body } = await client.readCrate(runId, { withFiles, withLogs });
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.part-${process.pid}`;
  const source = body === null ? Readable.from([]) : Readable.fromWeb(body);
  try {
    await pipeline(source, createWriteStream(partial, { flags: 'wx' }), { signal });
    await rename(partial, path);
  } catch (error) {
    signal.throwIfAborted();
    if (!isBrokenConnection(error)) throw error;
    const message = `The server broke off the crate of run ${runId}: one of its files may be gone`;
    throw new WesClientError('server_error', message, undefined, { cause: error });
  } finally {
    await rm(partial, { force: true });
  }
}

/** fetch ends a body that breaks with a TypeError. */
function isBrokenConnection(error: unknown): boolean {
  return error instanceof TypeError;
}
