import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { HttpError } from '../http-error.ts';
import { requestedBytes } from './byte-range.ts';
import { exactly } from './exactly.ts';

/** Bytes of a length that is known before the first of them is read. */
export interface Source {
  readonly sizeBytes: number;
  open(range: { readonly start: number; readonly end: number }): Promise<Readable>;
}

/**
 * Answers a GET or HEAD with the whole source or the one range that was asked for. Nothing is opened
 * for HEAD. A client that goes away closes the source.
 * @param range the `Range` header, when it counts
 * @throws HttpError 416
 */
export async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  source: Source,
  range: string | undefined,
): Promise<FastifyReply> {
  const { sizeBytes } = source;
  reply.header('accept-ranges', 'bytes');
  const bytes = requestedBytes(range, sizeBytes);
  if (bytes.kind === 'unsatisfiable') {
    throw new HttpError(416, `Range: there are ${sizeBytes} bytes, counted from 0`, {
      'content-range': `bytes */${sizeBytes}`,
    });
  }
  const { start, end } = bytes.kind === 'part' ? bytes : { start: 0, end: sizeBytes - 1 };
  if (bytes.kind === 'part') {
    reply.code(206).header('content-range', `bytes ${start}-${end}/${sizeBytes}`);
  }
  const length = end - start + 1;
  reply.header('content-length', length);
  if (request.method === 'HEAD') return reply.send();
  if (length === 0) return reply.send('');
  return reply.send(Readable.from(exactly(length, await source.open({ start, end }))));
}
