import type { Bucket } from './bucket.ts';
import { readGrowing } from './growing.ts';
import type { Layout } from './layout.ts';
import { endOf, type Segment } from './segments.ts';
import { upload } from './upload.ts';

export interface Merge {
  readonly key: string;
  readonly generation: string;
  /** One after the other, without a hole. */
  readonly parts: readonly Segment[];
  readonly rank: number;
}

/** Writes one segment with the bytes of several, which it leaves: readers may be at them. */
export async function mergeSegments(
  bucket: Bucket,
  layout: Layout,
  { key, generation, parts, rank }: Merge,
): Promise<Segment> {
  const start = parts[0]?.start ?? 0;
  const place = { start, end: endOf(parts), rank };
  const merged = { ...place, name: layout.segmentName(key, generation, place) };
  const growth = {
    generation,
    segments: parts,
    superseded: [],
    sizeBytes: place.end,
    modifiedAt: 0,
  };
  await upload(bucket, merged.name, readGrowing(bucket, layout, key, growth, { start }));
  return merged;
}
