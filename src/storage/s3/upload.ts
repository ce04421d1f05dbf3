import type { Bucket } from './bucket.ts';
import { MultipartUpload } from './multipart.ts';
import { Part, type PartMemory } from './part-memory.ts';

const FIRST_PART_BYTES = 8 * 1024 * 1024;
/** After so many, parts become twice as large: the 10,000 that S3 takes are more than an object may have. */
const PARTS_OF_A_SIZE = 1000;

/**
 * Writes an object of unknown length: it appears when all of it was sent, or not at all. In memory are
 * a few parts; each can be sent again when a connection breaks.
 */
export async function upload(
  bucket: Bucket,
  name: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const parts = inParts(chunks, bucket.partMemory);
  try {
    const first = await parts.next();
    const second = first.done === true ? first : await parts.next();
    if (first.done !== true && second.done !== true) {
      await uploadParts(bucket, name, [first.value, second.value], parts);
    } else {
      await bucket.put(name, first.value?.bytes ?? new Uint8Array());
      first.value?.giveBackTo(bucket.partMemory);
    }
  } finally {
    await parts.return(undefined); // lets go of what it reads from
  }
}

async function uploadParts(
  bucket: Bucket,
  name: string,
  begun: readonly Part[],
  rest: AsyncIterable<Part>,
): Promise<void> {
  const multipart = await MultipartUpload.start(bucket, name);
  try {
    for (const part of begun) await multipart.add(part);
    for await (const part of rest) await multipart.add(part);
    await multipart.complete();
  } catch (error) {
    await multipart.abort();
    throw error;
  }
}

/** How large part `number` is, counted from 1. */
export function partBytes(number: number): number {
  return FIRST_PART_BYTES * 2 ** Math.floor((number - 1) / PARTS_OF_A_SIZE);
}

async function* inParts(
  chunks: AsyncIterable<Uint8Array>,
  memory: PartMemory,
): AsyncGenerator<Part, undefined> {
  let number = 1;
  let part: Part | undefined;
  for await (const chunk of chunks) {
    for (let rest = chunk; rest.byteLength > 0;) {
      part ??= new Part(memory.take(partBytes(number)));
      rest = part.fill(rest);
      if (!part.isFull) continue;
      yield part;
      part = undefined;
      number += 1;
    }
  }
  if (part !== undefined) yield part;
  return undefined;
}
