import { create as contentDisposition } from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { zipStream, type ZipEntry } from './zip-stream.ts';

/** Query of what can be had as an archive as well. */
export const DownloadQuery = {
  download: Type.Optional(
    Type.Unsafe<'zip'>({
      type: 'string',
      enum: ['zip'],
      description: 'Give an archive with the files, as `Accept: application/zip` does.',
    }),
  ),
};

/** True when an archive is asked for, by the query or by a client that accepts nothing else as well. */
export function wantsZip(
  { headers: { accept = '' } }: Pick<FastifyRequest, 'headers'>,
  { download }: { readonly download?: 'zip' },
): boolean {
  return download === 'zip' || /^\s*application\/zip\b/i.test(accept);
}

export interface Archive {
  readonly fileName: string;
  readonly entries: AsyncIterable<ZipEntry>;
}

/** Answers with the archive as it is being made. For HEAD nothing is opened. */
export function sendZip(
  request: FastifyRequest,
  reply: FastifyReply,
  { fileName, entries }: Archive,
): FastifyReply {
  reply.headers({
    'content-type': 'application/zip',
    'content-disposition': contentDisposition(fileName),
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  });
  variesByAccept(reply);
  return request.method === 'HEAD' ? reply.send() : reply.send(zipStream(entries));
}

/** Besides what it varies by already. */
export function variesByAccept(reply: FastifyReply): void {
  const known = reply.getHeader('vary');
  reply.header('vary', known === undefined ? 'Accept' : `${String(known)}, Accept`);
}
