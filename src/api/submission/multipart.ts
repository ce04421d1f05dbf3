import { finished } from 'node:stream/promises';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { createAttachmentNames, type AttachmentNames } from '../../runs/attachment-name.ts';
import { invalidRequest, WesError } from '../../runs/errors.ts';
import { fieldTooLarge } from '../../runs/request-rules.ts';
import type { Attachment } from '../../runs/run.ts';
import { attachmentKey } from '../../runs/storage-keys.ts';
import { announceUpload } from '../announce-upload.ts';
import { callerOf, type ApiDeps } from '../context.ts';
import { utf8Text } from './body.ts';
import { ATTACHMENT_FIELDS, collectFields, TEXT_FIELDS, type Form } from './form.ts';
import { limitedStream } from './limited-stream.ts';
import { scannedAttachment } from './scanned-attachment.ts';

type MultipartDeps = Pick<
  ApiDeps,
  'storage' | 'removals' | 'settings' | 'now' | 'scanning' | 'logger'
>;

/** Fields that this service does not know may be there as well, but not without end. */
const MAX_OTHER_PARTS = 100;

interface Upload {
  readonly runId: string;
  readonly owner: string;
  readonly names: AttachmentNames;
  readonly fields: (readonly [string, string])[];
  readonly attachments: Attachment[];
}

/**
 * Reads multipart/form-data part by part, in whatever order they come; the attachments flow straight
 * into storage, below the run's prefix, and what was stored stays there when this fails.
 * @throws WesError `invalid_request`, `too_large`
 */
export async function receiveMultipart(
  request: FastifyRequest,
  runId: string,
  deps: MultipartDeps,
): Promise<Form> {
  const owner = callerOf(request).name;
  const upload: Upload = {
    runId,
    owner,
    names: createAttachmentNames(),
    fields: [],
    attachments: [],
  };
  try {
    for await (const part of parts(request, deps)) {
      // Every part is a stream here, see isPartAFile.
      await receivePart(part as MultipartFile, upload, deps);
    }
  } finally {
    discardRest(request);
  }
  return { fields: collectFields(upload.fields), attachments: upload.attachments };
}

async function* parts(
  request: FastifyRequest,
  { settings }: MultipartDeps,
): AsyncGenerator<Multipart> {
  const iterator = request.parts({
    // Every part as a stream of bytes: the library would parse what says that it is JSON, and read
    // as a file what has a file name; clients in the field do both with any field.
    isPartAFile: () => true,
    preservePath: true,
    limits: {
      fileSize: Number.POSITIVE_INFINITY,
      parts: settings.maxAttachments + MAX_OTHER_PARTS,
    },
  });
  try {
    yield* iterator;
  } catch (error) {
    throw brokenBody(error);
  }
}

/** The parser's errors are plain ones: what they say is that the body is no well-formed form. */
function brokenBody(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof WesError) return error;
  const code: unknown = Reflect.get(error, 'code');
  if (code === 'FST_PARTS_LIMIT')
    return new WesError('too_large', 'body: there are too many parts');
  const problem = /boundary/i.test(error.message)
    ? 'Content-Type has no boundary; let the HTTP library set it'
    : 'the multipart body is incomplete or malformed';
  return invalidRequest('body', problem);
}

async function receivePart(
  part: MultipartFile,
  upload: Upload,
  deps: MultipartDeps,
): Promise<void> {
  const { fieldname, filename } = part;
  const isAttachment = ATTACHMENT_FIELDS.has(fieldname) && filename !== undefined;
  if (!isAttachment && !TEXT_FIELDS.has(fieldname)) {
    await skip(part, deps.settings.maxAttachmentBytes);
    return;
  }
  refuseEncoding(part);
  if (isAttachment) upload.attachments.push(await storeAttachment(part, upload, deps));
  else upload.fields.push([fieldname, await readText(part, deps.settings.maxRequestFieldBytes)]);
}

async function skip({ fieldname, file }: MultipartFile, maxBytes: number): Promise<void> {
  const content = limitedStream(contentOf(file), maxBytes, () =>
    fieldTooLarge(fieldname, maxBytes),
  );
  await finished(content.resume());
}

/** RFC 7578, section 4.7 deprecates these; storing an encoded file as it stands would break it silently. */
function refuseEncoding({ encoding, fieldname }: MultipartFile): void {
  if (['7bit', '8bit', 'binary'].includes(encoding)) return;
  throw invalidRequest(
    fieldname,
    `Content-Transfer-Encoding '${encoding}' is not supported; send the bytes as they are`,
  );
}

async function storeAttachment(
  { filename, file }: MultipartFile,
  { runId, owner, names, attachments }: Upload,
  deps: MultipartDeps,
): Promise<Attachment> {
  const { storage, settings } = deps;
  names.add(filename);
  if (attachments.length >= settings.maxAttachments) {
    throw tooLarge(`there are more than the ${settings.maxAttachments} that this service takes`);
  }
  const body = limitedStream(contentOf(file), settings.maxAttachmentBytes, () =>
    tooLarge(
      `'${filename}' is larger than the ${settings.maxAttachmentBytes} bytes that this service takes`,
    ),
  );
  if (attachments.length === 0) await announceUpload(deps, runId);
  const stored = await storage.put(
    attachmentKey(runId, filename),
    scannedAttachment(body, { name: filename, runId, owner }, deps),
  );
  return { name: filename, ...stored };
}

/** A body that ends in the middle is told by the stream of the part that it ends in. */
async function* contentOf(file: MultipartFile['file']): AsyncGenerator<Uint8Array> {
  try {
    yield* file as AsyncIterable<Uint8Array>; // a stream of bytes
  } catch (error) {
    throw brokenBody(error);
  }
}

function tooLarge(problem: string): WesError {
  return new WesError('too_large', `workflow_attachment: ${problem}`);
}

async function readText({ fieldname, file }: MultipartFile, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of limitedStream(contentOf(file), maxBytes, () =>
    fieldTooLarge(fieldname, maxBytes),
  )) {
    chunks.push(chunk);
  }
  return utf8Text(Buffer.concat(chunks), fieldname);
}

/** How much of a refused body is read so that the client gets to see the answer. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/** After an error the parser no longer takes bytes: a client that only sends would never read why. */
function discardRest({ raw }: FastifyRequest): void {
  if (raw.readableEnded || raw.destroyed) return;
  let discarded = 0;
  raw.unpipe();
  raw.on('data', (chunk: Uint8Array) => {
    discarded += chunk.length;
    if (discarded > MAX_DISCARDED_BYTES) raw.destroy();
  });
  raw.resume();
}
