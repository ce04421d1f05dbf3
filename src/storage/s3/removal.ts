import type { Bucket } from './bucket.ts';
import type { Layout } from './layout.ts';

/** Removes one object. It is gone with its own name; what it was made of goes after it. */
export async function removeObject(bucket: Bucket, layout: Layout, key: string): Promise<void> {
  await bucket.remove([layout.objectName(key)]);
  await removeSegments(bucket, layout, key);
}

/** Of all generations: some may be left of an object that was replaced. */
async function removeSegments(bucket: Bucket, layout: Layout, key: string): Promise<void> {
  for await (const directory of bucket.listDirectories(`${layout.segmentsPrefix(key)}/`)) {
    const generation = layout.generationIn(key, directory);
    if (generation !== undefined) await removeGeneration(bucket, layout, key, generation);
  }
}

export async function removeGeneration(
  bucket: Bucket,
  layout: Layout,
  key: string,
  generation: string,
): Promise<void> {
  await bucket.remove(segmentNames(bucket, layout, layout.generationPrefix(key, generation), key));
}

export async function removeObjects(bucket: Bucket, layout: Layout, prefix: string): Promise<void> {
  await bucket.remove(objectNames(bucket, layout, prefix));
  await bucket.remove(segmentNames(bucket, layout, layout.segmentsPrefix(prefix), prefix));
}

async function* objectNames(
  bucket: Bucket,
  layout: Layout,
  prefix: string,
): AsyncGenerator<string> {
  for await (const { name } of bucket.list(layout.objectName(prefix))) yield name;
}

/** Of keys that begin with `prefix`; a generation may look like the beginning of a longer key. */
async function* segmentNames(
  bucket: Bucket,
  layout: Layout,
  listed: string,
  prefix: string,
): AsyncGenerator<string> {
  for await (const { name } of bucket.list(listed)) {
    if (layout.parseSegment(name)?.key.startsWith(prefix) === true) yield name;
  }
}
