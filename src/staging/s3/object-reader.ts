import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { addAbortSignal, type Readable } from 'node:stream';
import { FetchError, type OpenRequest, type RemoteFile } from '../protocol.ts';
import type { ObjectAddress } from '../s3-address.ts';
import type { ObjectStorageSettings } from '../object-storage-settings.ts';
import { createClient } from './client.ts';
import { withHeaders } from './headers.ts';
import { checksumsOf } from './object-checksums.ts';
import { asFetchError, noCredentials, statusOf } from './s3-failure.ts';

export interface ObjectReader {
  /** @throws FetchError */
  open(object: ObjectAddress, withCredentials: boolean, request: OpenRequest): Promise<RemoteFile>;
}

/** Answers that say: not this version, or not from there on. */
const NOT_THIS = [412, 416];

export function createReader(settings: ObjectStorageSettings): ObjectReader {
  const clients = new Map<boolean, S3Client>();
  function clientFor(withCredentials: boolean): S3Client {
    const client = clients.get(withCredentials) ?? createClient(settings, !withCredentials);
    clients.set(withCredentials, client);
    return client;
  }
  return {
    open: async (object, withCredentials, request) => {
      if (withCredentials) assertCredentials(settings);
      const client = clientFor(withCredentials);
      try {
        return await openAgain(client, object, request, settings);
      } catch (error) {
        request.signal.throwIfAborted();
        throw asFetchError(error, object, { settings, withCredentials });
      }
    },
  };
}

function assertCredentials(settings: ObjectStorageSettings): void {
  if (settings.keys !== undefined || settings.usesAwsCredentials) return;
  throw new FetchError(noCredentials(settings), false);
}

async function openAgain(
  client: S3Client,
  object: ObjectAddress,
  request: OpenRequest,
  settings: ObjectStorageSettings,
): Promise<RemoteFile> {
  try {
    return await get(client, object, request, settings);
  } catch (error) {
    if (request.offset === 0 || !NOT_THIS.includes(statusOf(error) ?? 0)) throw error;
    return await get(client, object, { offset: 0, signal: request.signal }, settings);
  }
}

async function get(
  client: S3Client,
  { bucket, key, versionId }: ObjectAddress,
  { offset, version, signal }: OpenRequest,
  settings: ObjectStorageSettings,
): Promise<RemoteFile> {
  const goesOn = offset > 0 && version !== undefined;
  const command = new GetObjectCommand({
    ...{ Bucket: bucket, Key: key },
    ...(versionId !== undefined && { VersionId: versionId }),
    ...(goesOn && { Range: `bytes=${offset}-`, IfMatch: etagOf(version) }),
  });
  const headers = withHeaders(command, settings.scheme);
  const answer = await client.send(command, { abortSignal: signal });
  const body = answer.Body as Readable; // what the SDK gives on Node
  // It may break before somebody listens: unheard, that would end the process.
  body.on('error', () => undefined);
  addAbortSignal(signal, body);
  // By itself: what ends an address is read as a part of a URL, which a key is not.
  const name = key.slice(key.lastIndexOf('/') + 1);
  return { ...described(answer, headers(), settings), name, body };
}

function described(
  answer: GetObjectCommandOutput,
  headers: Readonly<Record<string, string | undefined>>,
  { endpoint, scheme }: ObjectStorageSettings,
): Omit<RemoteFile, 'body' | 'name'> {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.ContentRange ?? '');
  const sizeBytes = range === null ? answer.ContentLength : Number(range[2]);
  const version = versionOf(answer);
  const facts = {
    hasCustomerKey: answer.SSECustomerAlgorithm !== undefined,
    ...(answer.ETag !== undefined && { etag: answer.ETag }),
    ...(answer.ChecksumSHA256 !== undefined && { sha256: answer.ChecksumSHA256 }),
    ...(answer.ChecksumSHA1 !== undefined && { sha1: answer.ChecksumSHA1 }),
    ...(answer.ChecksumType !== undefined && { checksumType: answer.ChecksumType }),
    ...(answer.ServerSideEncryption !== undefined && { encryption: answer.ServerSideEncryption }),
    ...(headers['x-goog-hash'] !== undefined && { googleHash: headers['x-goog-hash'] }),
  };
  return {
    offset: range === null ? 0 : Number(range[1]),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(version !== undefined && { version }),
    checksums: checksumsOf(facts, scheme === 's3' && isAws(endpoint)),
  };
}

/** The ETag, with the version's id where the bucket keeps versions. */
function versionOf({ ETag, VersionId }: GetObjectCommandOutput): string | undefined {
  if (ETag === undefined) return undefined;
  return VersionId === undefined || VersionId === 'null' ? ETag : `${ETag} ${VersionId}`;
}

function etagOf(version: string): string {
  return version.split(' ', 1)[0] ?? version;
}

function isAws(endpoint: string | undefined): boolean {
  return endpoint === undefined || /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}
