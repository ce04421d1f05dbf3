import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { Storage } from '../../src/storage/storage.ts';
import { all, read, write } from '../support/stored.ts';

const MEBIBYTE = 1024 * 1024;
const LARGE_MS = 180_000;

/** Objects that no storage can hold in memory, or send at once. */
export function describeLargeObjects(storage: () => Storage): void {
  it(
    'keeps an object of hundreds of megabytes, and gives any part of it',
    async () => {
      const sizeBytes = 260 * MEBIBYTE + 12_345;
      const expected = createHash('sha256');
      for (const block of blocksOf(sizeBytes)) expected.update(block);
      const digest = expected.digest('hex');
      const stored = await storage().put('large', Readable.from(blocksOf(sizeBytes)));
      expect(stored).toEqual({ sizeBytes, sha256: digest });
      expect(await storage().stat('large')).toMatchObject({ sizeBytes });
      expect(await digestOf(await storage().get('large'))).toBe(digest);
      for (const start of [8 * MEBIBYTE - 10, 200 * MEBIBYTE - 1, sizeBytes - 20]) {
        const part = await buffer(await storage().get('large', { start, end: start + 19 }));
        expect([...part]).toEqual(Array.from({ length: 20 }, (_, index) => byteAt(start + index)));
      }
    },
    LARGE_MS,
  );

  it(
    'shows an object of many parts when it is whole, and until then the earlier one',
    async () => {
      await write(storage(), 'a', 'earlier');
      const body = new Readable({ read: () => undefined });
      const putting = storage().put('a', body);
      for (const block of blocksOf(20 * MEBIBYTE)) body.push(block);
      expect(await read(storage(), 'a')).toBe('earlier');
      body.push('the end');
      expect(await storage().stat('a')).toMatchObject({ sizeBytes: 7 });
      body.push(null);
      await putting;
      expect(await storage().stat('a')).toMatchObject({ sizeBytes: 20 * MEBIBYTE + 7 });
    },
    LARGE_MS,
  );

  it('stores nothing of a stream that fails after many parts', async () => {
    const failure = new Error('the client went away');
    const body = Readable.from(
      (async function* () {
        yield* blocksOf(20 * MEBIBYTE);
        throw failure;
      })(),
    );
    await expect(storage().put('a', body)).rejects.toBe(failure);
    expect(await all(storage(), '')).toEqual([]);
  });
}

/** Bytes that differ from block to block. */
function* blocksOf(sizeBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < sizeBytes; at += MEBIBYTE) {
    const block = Buffer.alloc(Math.min(MEBIBYTE, sizeBytes - at), at / MEBIBYTE);
    block.writeUInt8(255);
    yield block;
  }
}

/** What `blocksOf` has there. */
function byteAt(position: number): number {
  return position % MEBIBYTE === 0 ? 255 : Math.floor(position / MEBIBYTE) % 256;
}

async function digestOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}
