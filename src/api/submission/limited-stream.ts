import { Readable } from 'node:stream';

/** Passes bytes on, and fails with `tooLarge` after more than `maxBytes` of them. */
export function limitedStream(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tooLarge: () => Error,
): Readable {
  return Readable.from(limited(source, maxBytes, tooLarge), { objectMode: false });
}

async function* limited(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tooLarge: () => Error,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const bytes of source) {
    size += bytes.length;
    if (size > maxBytes) throw tooLarge();
    yield bytes;
  }
}
