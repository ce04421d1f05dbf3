import { createHash } from 'node:crypto';
import type { StoredObject } from './storage.ts';

/** Counts and digests bytes on their way through a pipeline. */
export interface Measure {
  pass(source: AsyncIterable<unknown>): AsyncGenerator<Uint8Array>;
  /** What has passed so far; to be asked once, at the end. */
  result(): StoredObject;
}

export function createMeasure(): Measure {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  return {
    async *pass(source) {
      for await (const chunk of source) {
        const bytes = bytesOf(chunk);
        hash.update(bytes);
        sizeBytes += bytes.byteLength;
        yield bytes;
      }
    },
    result: () => ({ sizeBytes, sha256: hash.digest('hex') }),
  };
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError('a stream of bytes or text was expected');
}
