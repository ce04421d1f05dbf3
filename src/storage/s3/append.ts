import { LRUCache } from 'lru-cache';
import { randomUUID } from 'node:crypto';
import { StorageError } from '../storage.ts';
import type { ObjectStat } from '../storage.ts';
import { GENERATION, type Bucket } from './bucket.ts';
import { resumable } from './download.ts';
import { look, type Growth } from './growing.ts';
import type { Layout } from './layout.ts';
import { mergeSegments } from './merge.ts';
import { endOf, mergeDue, type Segment } from './segments.ts';
import { inTurn } from './turns.ts';
import { upload } from './upload.ts';

/** So long a writer trusts what it remembers of an object: nobody else should write it meanwhile. */
const TRUST_MS = 10_000;
/** What was superseded stays for the readers whose list of segments is older. */
const GRACE_MS = 30_000;
const REMEMBERED_OBJECTS = 10_000;

/** A growing object as its writer remembers it. */
interface Position {
  readonly generation: string;
  readonly lookedAt: number;
  segments: readonly Segment[];
  /** Names of superseded segments, and since when. */
  readonly superseded: Map<string, number>;
}

/** Lets objects grow; docs/adr/0014-appending-on-s3.md says how. */
export class Appender {
  readonly #bucket: Bucket;
  readonly #layout: Layout;
  readonly #positions = new LRUCache<string, Position>({ max: REMEMBERED_OBJECTS });
  readonly #turns = new Map<string, Promise<void>>();

  constructor(bucket: Bucket, layout: Layout) {
    this.#bucket = bucket;
    this.#layout = layout;
  }

  /** One append of a key at a time: each needs to know where the one before it ended. */
  async append(key: string, offset: number, bytes: Uint8Array): Promise<void> {
    await inTurn(this.#turns, key, () => this.#append(key, offset, bytes));
  }

  /** To be told of what is written or removed otherwise. */
  forget(key: string): void {
    this.#positions.delete(key);
  }

  forgetPrefix(prefix: string): void {
    for (const key of this.#positions.keys()) {
      if (key.startsWith(prefix)) this.#positions.delete(key);
    }
  }

  async #append(key: string, offset: number, bytes: Uint8Array): Promise<void> {
    const remembered = offset === 0 ? undefined : trusted(this.#positions.get(key));
    const isBeyond = remembered !== undefined && offset > endOf(remembered.segments);
    const position =
      remembered === undefined || isBeyond
        ? await this.#find(key, offset, offset + bytes.byteLength)
        : remembered;
    if (position === undefined) return;
    const end = endOf(position.segments);
    if (offset > end) throw gap(offset, end);
    const fresh = bytes.subarray(end - offset);
    if (fresh.byteLength === 0) return;
    await this.#addSegment(key, position, end, fresh);
    // Nothing depends on it, and what fails is tried again the next time.
    await this.#tidy(key, position).catch(() => undefined);
  }

  /** Looks where the object ends, and begins one. Undefined when it has all bytes before `after`. */
  async #find(key: string, offset: number, after: number): Promise<Position | undefined> {
    const found = await look(this.#bucket, this.#layout, key);
    if (found?.growth !== undefined) {
      return this.#remember(key, positionIn(found.growth, this.#positions.get(key)));
    }
    const sizeBytes = found?.sizeBytes ?? 0;
    if (offset > sizeBytes) throw gap(offset, sizeBytes);
    if (found !== undefined && after <= sizeBytes) return undefined;
    return this.#remember(key, await this.#begin(key, found));
  }

  #remember(key: string, position: Position): Position {
    this.#positions.set(key, position);
    return position;
  }

  /** Makes the object one that grows. What was put is copied first: readers never see less of it. */
  async #begin(key: string, found: ObjectStat | undefined): Promise<Position> {
    const generation = randomUUID().replaceAll('-', '');
    const segments =
      found === undefined || found.sizeBytes === 0
        ? []
        : [await this.#copyWhole(key, generation, found.sizeBytes)];
    const name = this.#layout.objectName(key);
    await this.#bucket.put(name, new Uint8Array(), { [GENERATION]: generation });
    return { generation, segments, superseded: new Map(), lookedAt: performance.now() };
  }

  async #copyWhole(key: string, generation: string, sizeBytes: number): Promise<Segment> {
    const name = this.#layout.objectName(key);
    const place = { start: 0, end: sizeBytes, rank: 0 };
    const segment = { ...place, name: this.#layout.segmentName(key, generation, place) };
    const download = await this.#bucket.get(name);
    if (download?.sizeBytes !== sizeBytes) throw gap(sizeBytes, download?.sizeBytes ?? 0);
    await upload(this.#bucket, segment.name, resumable(this.#bucket, name, download));
    return segment;
  }

  async #addSegment(key: string, position: Position, start: number, bytes: Uint8Array) {
    const place = { start, end: start + bytes.byteLength, rank: 0 };
    const name = this.#layout.segmentName(key, position.generation, place);
    await this.#bucket.put(name, bytes);
    position.segments = [...position.segments, { ...place, name }];
  }

  /** Keeps the number of segments small. */
  async #tidy(key: string, position: Position): Promise<void> {
    for (let due = mergeDue(position.segments); due; due = mergeDue(position.segments)) {
      const merged = await mergeSegments(this.#bucket, this.#layout, {
        ...{ key, generation: position.generation },
        ...due,
      });
      const now = performance.now();
      for (const { name } of due.parts) position.superseded.set(name, now);
      position.segments = [...position.segments.slice(0, -due.parts.length), merged];
    }
    await this.#removeSuperseded(position);
  }

  async #removeSuperseded({ superseded }: Position): Promise<void> {
    const before = performance.now() - GRACE_MS;
    const names = [...superseded].filter(([, since]) => since < before).map(([name]) => name);
    await this.#bucket.remove(names);
    for (const name of names) superseded.delete(name);
  }
}

function trusted(position: Position | undefined): Position | undefined {
  if (position === undefined) return undefined;
  return performance.now() - position.lookedAt > TRUST_MS ? undefined : position;
}

/** What was superseded when this process looked before is remembered as being so since then. */
function positionIn(growth: Growth, before: Position | undefined): Position {
  const now = performance.now();
  const earlier = before?.superseded ?? new Map<string, number>();
  return {
    generation: growth.generation,
    segments: growth.segments,
    superseded: new Map(growth.superseded.map(({ name }) => [name, earlier.get(name) ?? now])),
    lookedAt: now,
  };
}

function gap(offset: number, sizeBytes: number): StorageError {
  return new StorageError(
    'gap',
    `bytes for offset ${offset} would leave a hole after the ${sizeBytes} bytes that are there`,
  );
}
