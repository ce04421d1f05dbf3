import type { Readable } from 'node:stream';

/**
 * The bytes of a stream that must be so many. What has another length is an error, which breaks the
 * connection: a client would wait for the rest for ever, or take for whole what is not.
 */
export async function* exactly(length: number, stream: Readable): AsyncGenerator<Uint8Array> {
  let missing = length;
  for await (const chunk of stream) {
    const bytes: Uint8Array = chunk;
    missing -= bytes.byteLength;
    if (missing < 0) throw new Error(`an object in storage has more than its ${length} bytes`);
    yield bytes;
  }
  if (missing > 0) throw new Error(`an object in storage ended ${missing} bytes too early`);
}
