import type { Attachment, OutputFile } from '../../runs/run.ts';
import { mediaTypeOf } from '../../storage/media-type.ts';
import { given, ref, type Entity } from './entity.ts';
import type { StoredLog } from './facts.ts';
import { fileId, runActionId, taskActionId } from './ids.ts';
import { exampleOf } from './slots.ts';

const ANY_TYPE = 'application/octet-stream';

/** A file that came with the request, in the words that all kinds of files have. */
export function attachmentEntity(
  { name, sizeBytes, sha256 }: Attachment,
  parameters: readonly string[] | undefined,
): Entity {
  const mediaType = mediaTypeOf(name);
  return {
    '@id': fileId('attachments', name),
    '@type': 'File',
    ...named(name),
    contentSize: String(sizeBytes),
    sha256,
    ...given({ encodingFormat: mediaType === ANY_TYPE ? undefined : mediaType }),
    ...exampleOf(parameters),
  };
}

export function outputEntity(
  { path, sizeBytes, sha256, mediaType }: OutputFile,
  parameters: readonly string[] | undefined,
  address: string,
): Entity {
  return {
    '@id': fileId('outputs', path),
    '@type': 'File',
    ...named(path),
    contentSize: String(sizeBytes),
    sha256,
    encodingFormat: mediaType,
    contentUrl: address,
    ...exampleOf(parameters),
  };
}

/** A file elsewhere that was an input: known by its address alone. */
export function remoteEntity(address: string, parameters: readonly string[] | undefined): Entity {
  const path = URL.parse(address)?.pathname ?? '';
  return {
    '@id': address,
    '@type': 'File',
    name: lastSegment(path) || address,
    ...exampleOf(parameters),
  };
}

export function logEntity({ path, sizeBytes }: StoredLog, runId: string): Entity {
  const taskId = /^tasks\/([^/]+)\//.exec(path)?.[1];
  return {
    '@id': fileId('logs', path),
    '@type': 'File',
    name: path,
    contentSize: String(sizeBytes),
    encodingFormat: 'text/plain',
    about: ref(taskId === undefined ? runActionId(runId) : taskActionId(taskId)),
  };
}

/** With the whole name where that has folders. */
function named(path: string) {
  const name = lastSegment(path);
  return { name, ...(name !== path && { alternateName: path }) };
}

function lastSegment(path: string): string {
  return path.split('/').at(-1) ?? '';
}
