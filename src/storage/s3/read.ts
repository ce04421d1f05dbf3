import type { LRUCache } from 'lru-cache';
import { Readable } from 'node:stream';
import { StorageError } from '../storage.ts';
import type { ByteRange, ObjectStat } from '../storage.ts';
import type { Bucket } from './bucket.ts';
import { resumable } from './download.ts';
import { look, readGrowing, type Growth, type Look } from './growing.ts';
import type { Layout } from './layout.ts';

/** Growing objects as this process saw them last, by their keys: their bytes stay where they are. */
export type SeenGrowths = LRUCache<string, Growth>;

/**
 * What was written as a whole, as nearly all is, takes one request; a part of one that grows two, where
 * it was looked at since it has that part.
 * @throws StorageError `not_found`
 */
export async function openObject(
  bucket: Bucket,
  layout: Layout,
  key: string,
  seen: SeenGrowths,
  range: ByteRange = { start: 0 },
): Promise<Readable> {
  const growth = await seenAgain(bucket, layout, key, seen, range);
  if (growth !== undefined) return readGrowing(bucket, layout, key, growth, range);
  const isEmpty = range.end !== undefined && range.end < range.start;
  const name = layout.objectName(key);
  const isWhole = range.start === 0 && range.end === undefined;
  const download = isEmpty ? undefined : await bucket.get(name, isWhole ? undefined : range);
  if (download !== undefined && download.generation === undefined)
    return resumable(bucket, name, download, range);
  download?.body.destroy();
  const found = remembered(key, seen, await look(bucket, layout, key));
  if (found === undefined)
    throw new StorageError('not_found', 'there is no such object in storage');
  if (isEmpty || found.growth === undefined) return Readable.from([]);
  return readGrowing(bucket, layout, key, found.growth, range);
}

/** As it was seen, if it has all of the range and was not replaced since. */
async function seenAgain(
  bucket: Bucket,
  layout: Layout,
  key: string,
  seen: SeenGrowths,
  { start, end = Infinity }: ByteRange,
): Promise<Growth | undefined> {
  const growth = seen.get(key);
  if (growth === undefined || end < start || end >= growth.sizeBytes) return undefined;
  const now = await bucket.head(layout.objectName(key));
  if (now?.generation === growth.generation) return growth;
  seen.delete(key);
  return undefined;
}

function remembered(key: string, seen: SeenGrowths, found: Look | undefined): Look | undefined {
  if (found?.growth === undefined) seen.delete(key);
  else seen.set(key, found.growth);
  return found;
}

export async function statObject(
  bucket: Bucket,
  layout: Layout,
  key: string,
  seen: SeenGrowths,
): Promise<ObjectStat | undefined> {
  const found = remembered(key, seen, await look(bucket, layout, key));
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
