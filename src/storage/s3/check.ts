import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { StorageError } from '../storage.ts';
import type { Bucket } from './bucket.ts';
import type { Layout } from './layout.ts';

/** An upload that began so long ago belongs to a process that died. */
const ABANDONED_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Writes, reads, lists and removes a probe.
 * @throws StorageError `unavailable`
 */
export async function checkBucket(bucket: Bucket, layout: Layout): Promise<void> {
  const name = layout.probeName(randomUUID());
  await bucket.put(name, Buffer.from(name));
  try {
    const download = await bucket.get(name);
    const content = download && (await text(download.body));
    if (content !== name) throw new Error('the probe came back changed');
    for await (const listed of bucket.list(name)) {
      if (listed.name === name) return;
    }
    throw new Error('the probe was not listed');
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError('unavailable', `storage bucket '${bucket.name}' can not be trusted`, {
      cause: error,
    });
  } finally {
    await bucket.remove([name]);
  }
}

/** Ends uploads of dead processes, whose parts are kept and paid for. Where this is not allowed a rule of the bucket does it. */
export async function abortAbandonedUploads(bucket: Bucket, layout: Layout): Promise<void> {
  const request = { Bucket: bucket.name, Prefix: layout.root };
  const before = Date.now() - ABANDONED_AFTER_MS;
  try {
    const { Uploads = [] } = await bucket.client.send(new ListMultipartUploadsCommand(request));
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (Initiated === undefined || Initiated.getTime() > before) continue;
      const abandoned = { Bucket: bucket.name, Key, UploadId };
      await bucket.client.send(new AbortMultipartUploadCommand(abandoned));
    }
  } catch {
    return; // not allowed, or not known there
  }
}
