import { Readable } from 'node:stream';
import { StorageError } from '../storage.ts';
import type { ByteRange, ObjectStat } from '../storage.ts';
import type { Bucket } from './bucket.ts';
import { resumable } from './download.ts';
import { look, readGrowing } from './growing.ts';
import type { Layout } from './layout.ts';

/** What was written as a whole, as nearly all is, takes one request. @throws StorageError `not_found` */
export async function openObject(
  bucket: Bucket,
  layout: Layout,
  key: string,
  range: ByteRange = { start: 0 },
): Promise<Readable> {
  const isEmpty = range.end !== undefined && range.end < range.start;
  const name = layout.objectName(key);
  const isWhole = range.start === 0 && range.end === undefined;
  const download = isEmpty ? undefined : await bucket.get(name, isWhole ? undefined : range);
  if (download !== undefined && download.generation === undefined)
    return resumable(bucket, name, download, range);
  download?.body.destroy();
  const found = await look(bucket, layout, key);
  if (found === undefined)
    throw new StorageError('not_found', 'there is no such object in storage');
  if (isEmpty || found.growth === undefined) return Readable.from([]);
  return readGrowing(bucket, layout, key, found.growth, range);
}

export async function statObject(
  bucket: Bucket,
  layout: Layout,
  key: string,
): Promise<ObjectStat | undefined> {
  const found = await look(bucket, layout, key);
  if (found === undefined) {
    await bucket.assertThere();
    return undefined;
  }
  return { sizeBytes: found.sizeBytes, modifiedAt: found.modifiedAt };
}

export async function* listObjects(
  bucket: Bucket,
  layout: Layout,
  prefix: string,
): AsyncGenerator<ObjectStat & { readonly key: string }> {
  for await (const { name, sizeBytes, modifiedAt } of bucket.list(layout.objectName(prefix))) {
    const key = layout.keyOf(name);
    // Without bytes of its own it may be one that grows.
    const found = sizeBytes > 0 ? { sizeBytes, modifiedAt } : await look(bucket, layout, key);
    if (found === undefined) continue; // removed meanwhile
    yield { key, sizeBytes: found.sizeBytes, modifiedAt: found.modifiedAt };
  }
}
