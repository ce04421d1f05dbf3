import { create as contentDisposition } from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { posix } from 'node:path';
import { WesError } from '../../runs/errors.ts';
import type { OutputFile } from '../../runs/run.ts';
import { outputKey, type AttemptOfRun } from '../../runs/storage-keys.ts';
import { StorageError } from '../../storage/storage.ts';
import type { Storage } from '../../storage/storage.ts';
import { isNotModified, isRangeFor } from './preconditions.ts';
import type { Version } from './preconditions.ts';
import { sendBytes } from './send-bytes.ts';
import type { Source } from './send-bytes.ts';

/**
 * Runs produce what their authors like, HTML and SVG with scripts included. A browser keeps it as a file,
 * and where it is shown nevertheless the sandbox keeps its scripts from this origin and its credentials.
 */
const CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

/** Answers with an output file, or with 304 when the client has it already. */
export async function sendOutput(
  storage: Storage,
  request: FastifyRequest,
  reply: FastifyReply,
  run: AttemptOfRun,
  output: OutputFile,
): Promise<FastifyReply> {
  const key = outputKey(run, output.path);
  const found = await storage.stat(key);
  if (found === undefined) throw removedFromStorage(output.path);
  const version: Version = {
    etag: `"${output.sha256}"`,
    lastModified: new Date(found.modifiedAt).toUTCString(),
  };
  reply.headers({
    etag: version.etag,
    'last-modified': version.lastModified,
    // Credentials decide who may read it, so no shared cache may keep it.
    'cache-control': 'private, no-cache',
  });
  if (isNotModified(request.headers, version)) return reply.code(304).send();
  reply.headers({
    'content-type': output.mediaType,
    'content-disposition': contentDisposition(posix.basename(output.path)),
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
  });
  const source: Source = {
    sizeBytes: found.sizeBytes,
    open: (range) =>
      storage.get(key, range).catch((error: unknown) => {
        const isGone = error instanceof StorageError && error.code === 'not_found';
        throw isGone ? removedFromStorage(output.path) : error;
      }),
  };
  const range = isRangeFor(request.headers, version) ? request.headers.range : undefined;
  return sendBytes(request, reply, source, range);
}

function removedFromStorage(path: string): WesError {
  return new WesError(
    'output_not_found',
    `the output ${JSON.stringify(path)} was removed from the storage of this service`,
  );
}
