import { create as contentDisposition } from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { posix } from 'node:path';
import { WesError } from '../../runs/errors.ts';
import type { OutputFile } from '../../runs/run.ts';
import { outputKey, type AttemptOfRun } from '../../runs/storage-keys.ts';
import { StorageError } from '../../storage/storage.ts';
import type { DownloadHeaders, Storage } from '../../storage/storage.ts';
import { isNotModified, isRangeFor } from './preconditions.ts';
import type { Version } from './preconditions.ts';
import { sendBytes } from './send-bytes.ts';
import type { Source } from './send-bytes.ts';

/**
 * Runs produce what their authors like, HTML and SVG with scripts included. A browser keeps it as a file,
 * and where it is shown nevertheless the sandbox keeps its scripts from this origin and its credentials.
 */
const CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

/** Answers with an output file, or with where it can be fetched, or with 304 when the client has it already. */
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
  if (storage.downloadUrl !== undefined && request.method === 'GET')
    return redirect(reply, await storage.downloadUrl(key, downloadHeaders(output)));
  reply.headers({
    'content-type': output.mediaType,
    'content-disposition': dispositionOf(output),
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

/** The address is a credential, and good for minutes: nobody keeps it. The client repeats its `Range` there. */
function redirect(reply: FastifyReply, address: string): FastifyReply {
  reply.removeHeader('etag').removeHeader('last-modified');
  return reply.header('cache-control', 'private, no-store').redirect(address, 307);
}

function downloadHeaders(output: OutputFile): DownloadHeaders {
  return {
    contentType: output.mediaType,
    contentDisposition: dispositionOf(output),
    cacheControl: 'private, no-cache',
  };
}

function dispositionOf({ path }: OutputFile): string {
  return contentDisposition(posix.basename(path));
}

function removedFromStorage(path: string): WesError {
  return new WesError(
    'output_not_found',
    `the output ${JSON.stringify(path)} was removed from the storage of this service`,
  );
}
