import { Readable } from 'node:stream';
import { StorageError } from '../storage.ts';
import type { ByteRange, ObjectStat } from '../storage.ts';
import type { Bucket, Listed } from './bucket.ts';
import { resumable } from './download.ts';
import type { Layout } from './layout.ts';
import { covering, endOf, sortSegments, type Segment } from './segments.ts';

/** Where a growing object's bytes were when somebody looked. */
export interface Growth extends ObjectStat {
  readonly generation: string;
  /** The segments to read, from the first byte to the last. */
  readonly segments: readonly Segment[];
  /** What has bytes that others have too. */
  readonly superseded: readonly Segment[];
}

/** An object as it stands: written as a whole, or growing. */
export type Look = ObjectStat & { readonly growth?: Growth };

const LOOKS = 5;

/**
 * Looks at an object. When it is replaced or removed at the same time, its segments go after it: so a
 * list of them counts only when the object is still the same after it.
 */
export async function look(bucket: Bucket, layout: Layout, key: string): Promise<Look | undefined> {
  const name = layout.objectName(key);
  let found = await bucket.head(name);
  for (let count = 0; count < LOOKS; count += 1) {
    if (found?.generation === undefined) return found;
    const growth = await listGrowth(bucket, layout, key, found.generation);
    const after = await bucket.head(name);
    if (after?.generation === found.generation) return { ...withTime(growth, found), growth };
    found = after;
  }
  throw new StorageError('unavailable', 'the object is replaced again and again');
}

function withTime(growth: Growth, { modifiedAt }: ObjectStat): ObjectStat {
  return { sizeBytes: growth.sizeBytes, modifiedAt: Math.max(modifiedAt, growth.modifiedAt) };
}

/** A list of the segments alone, for a reader who knows the generation. */
async function listGrowth(
  bucket: Bucket,
  layout: Layout,
  key: string,
  generation: string,
): Promise<Growth> {
  const listed: Listed[] = [];
  for await (const object of bucket.list(layout.generationPrefix(key, generation)))
    listed.push(object);
  const all = listed.flatMap(({ name }) => layout.parseSegment(name)?.segment ?? []);
  const { needed, superseded } = sortSegments(all);
  const segments = covering(needed);
  const modifiedAt = Math.max(0, ...listed.map((object) => object.modifiedAt));
  return { generation, segments, superseded, sizeBytes: endOf(segments), modifiedAt };
}

/** Reads what was there when it was looked at; what comes after that is another reader's. */
export function readGrowing(
  bucket: Bucket,
  layout: Layout,
  key: string,
  growth: Growth,
  { start, end = Infinity }: ByteRange,
): Readable {
  const reader = new GrowingReader(bucket, layout, key, growth);
  const chunks = reader.read(start, Math.min(end + 1, growth.sizeBytes));
  const stream = Readable.from(chunks, { objectMode: false });
  stream.once('close', () => reader.close());
  return stream;
}

class GrowingReader {
  readonly #bucket: Bucket;
  readonly #layout: Layout;
  readonly #key: string;
  #growth: Growth;
  #part: Readable | undefined;

  constructor(bucket: Bucket, layout: Layout, key: string, growth: Growth) {
    this.#bucket = bucket;
    this.#layout = layout;
    this.#key = key;
    this.#growth = growth;
  }

  async *read(start: number, after: number): AsyncGenerator<Uint8Array> {
    let position = start;
    for (let looks = 0; position < after;) {
      try {
        for await (const chunk of await this.#open(position, after)) {
          const bytes: Uint8Array = chunk;
          position += bytes.byteLength;
          looks = 0;
          yield bytes;
        }
      } catch (error) {
        looks += 1;
        if (!isGone(error) || looks === LOOKS) throw error;
        await this.#lookAgain();
      }
    }
  }

  close(): void {
    this.#part?.destroy();
  }

  /** Opens the segment with the byte at `position`. */
  async #open(position: number, after: number): Promise<Readable> {
    const segment = this.#growth.segments.find(({ end }) => end > position);
    if (segment === undefined) throw gone();
    const range = {
      start: position - segment.start,
      end: Math.min(segment.end, after) - segment.start - 1,
    };
    const download = await this.#bucket.get(segment.name, range);
    if (download === undefined) throw gone();
    this.#part = resumable(this.#bucket, segment.name, download, range);
    return this.#part;
  }

  /** What is gone may have become a part of a larger segment. */
  async #lookAgain(): Promise<void> {
    const { generation } = this.#growth;
    this.#growth = await listGrowth(this.#bucket, this.#layout, this.#key, generation);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'not_found';
}

function gone(): StorageError {
  return new StorageError('not_found', 'the object was removed while it was read');
}
