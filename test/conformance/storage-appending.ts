import { buffer, text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { Storage } from '../../src/storage/storage.ts';
import { all, read, write } from '../support/stored.ts';

/** Live logs. */
export function describeAppend(storage: () => Storage): void {
  it('lets an object grow, visible at once', async () => {
    await storage().append('log', 0, Buffer.from('one\n'));
    expect(await read(storage(), 'log')).toBe('one\n');
    await storage().append('log', 4, Buffer.from('two\n'));
    expect(await read(storage(), 'log')).toBe('one\ntwo\n');
    expect(await storage().stat('log')).toMatchObject({ sizeBytes: 8 });
  });

  it('is not changed by the same bytes at the same offset again', async () => {
    await storage().append('log', 0, Buffer.from('one\n'));
    await storage().append('log', 4, Buffer.from('two\n'));
    await storage().append('log', 0, Buffer.from('one\n'));
    await storage().append('log', 2, Buffer.from('e\ntwo\nthree\n'));
    expect(await read(storage(), 'log')).toBe('one\ntwo\nthree\n');
  });

  it('refuses bytes that would leave a gap, and makes no object for them', async () => {
    await storage().append('log', 0, Buffer.from('one\n'));
    await expect(storage().append('log', 5, Buffer.from('x'))).rejects.toMatchObject({
      code: 'gap',
    });
    await expect(storage().append('none/log', 1, Buffer.from('x'))).rejects.toMatchObject({
      code: 'gap',
    });
    expect(await read(storage(), 'log')).toBe('one\n');
    expect(await storage().stat('none/log')).toBeUndefined();
  });

  it('makes an empty object from no bytes at offset 0', async () => {
    await storage().append('log', 0, new Uint8Array());
    expect(await storage().stat('log')).toMatchObject({ sizeBytes: 0 });
  });

  it('lets an object grow by very many pieces, and gives any part of it', async () => {
    const pieces = Array.from({ length: 150 }, (_, index) => `${index}`.repeat(1 + (index % 7)));
    let length = 0;
    for (const piece of pieces) {
      await storage().append('log', length, Buffer.from(piece));
      length += piece.length;
    }
    const whole = pieces.join('');
    expect(await read(storage(), 'log')).toBe(whole);
    for (const [start, end] of [
      [0, 0],
      [3, 500],
      [400, 401],
      [length - 5, length + 100],
    ] as const) {
      const part = await text(await storage().get('log', { start, end }));
      expect(part).toBe(whole.slice(start, end + 1));
    }
    expect(await text(await storage().get('log', { start: length }))).toBe('');
    expect(await text(await storage().get('log', { start: length + 9, end: length + 10 }))).toBe(
      '',
    );
  });

  it('lists an appended object as one, and removes all of it', async () => {
    for (const key of ['d/log', 'd/log-2']) {
      await storage().append(key, 0, Buffer.from('one'));
      await storage().append(key, 3, Buffer.from('two'));
    }
    expect(await all(storage(), 'd/')).toMatchObject([
      { key: 'd/log', sizeBytes: 6 },
      { key: 'd/log-2', sizeBytes: 6 },
    ]);
    await storage().delete('d/log');
    expect(await storage().stat('d/log')).toBeUndefined();
    await expect(storage().append('d/log', 6, Buffer.from('x'))).rejects.toMatchObject({
      code: 'gap',
    });
    await storage().append('d/log', 0, Buffer.from('new'));
    expect(await read(storage(), 'd/log')).toBe('new');
    await storage().deletePrefix('d/');
    expect(await all(storage(), '')).toEqual([]);
    await expect(storage().append('d/log', 3, Buffer.from('x'))).rejects.toMatchObject({
      code: 'gap',
    });
  });

  it('appends to what was put, and a put replaces what was appended', async () => {
    await write(storage(), 'log', 'put,');
    await storage().append('log', 4, Buffer.from('appended'));
    expect(await read(storage(), 'log')).toBe('put,appended');
    await write(storage(), 'log', 'whole');
    expect(await read(storage(), 'log')).toBe('whole');
  });
}

/** A log is written by one process after another, and read by others. */
export function describeWriters(storage: () => Storage, other: () => Storage): void {
  it('shows another process at once what was put and appended', async () => {
    await write(storage(), 'a', 'put');
    expect(await read(other(), 'a')).toBe('put');
    await storage().append('log', 0, Buffer.from('one\n'));
    expect(await read(other(), 'log')).toBe('one\n');
    await storage().append('log', 4, Buffer.from('two\n'));
    expect(await other().stat('log')).toMatchObject({ sizeBytes: 8 });
    expect(await read(other(), 'log')).toBe('one\ntwo\n');
  });

  it('lets another process go on, which repeats the same bytes in other pieces', async () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}\n`);
    const bytes = Buffer.from(lines.join(''));
    await appendInPieces(storage(), 'log', bytes.subarray(0, 500), 7);
    await appendInPieces(other(), 'log', bytes.subarray(0, 600), 50);
    const { sizeBytes } = (await other().stat('log')) ?? { sizeBytes: 0 };
    expect(sizeBytes).toBe(600);
    await other().append('log', 600, bytes.subarray(600));
    // A process that was given up on, and does not know it yet.
    await storage().append('log', 500, bytes.subarray(500, 555));
    expect(await read(storage(), 'log')).toBe(lines.join(''));
    expect(await read(other(), 'log')).toBe(lines.join(''));
  });

  it('lets two processes append the same bytes at once', async () => {
    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 251));
    await storage().append('log', 0, new Uint8Array());
    await Promise.all([
      appendInPieces(storage(), 'log', bytes, 100),
      appendInPieces(other(), 'log', bytes, 70),
    ]);
    expect(await buffer(await storage().get('log'))).toEqual(bytes);
    expect(await buffer(await other().get('log'))).toEqual(bytes);
  });

  it('shows another process what was replaced and deleted', async () => {
    await storage().append('log', 0, Buffer.from('appended'));
    expect(await read(other(), 'log')).toBe('appended');
    await write(other(), 'log', 'put');
    expect(await read(storage(), 'log')).toBe('put');
    await other().delete('log');
    expect(await storage().stat('log')).toBeUndefined();
    await storage().append('log', 0, Buffer.from('again'));
    expect(await read(other(), 'log')).toBe('again');
  });
}

async function appendInPieces(
  storage: Storage,
  key: string,
  bytes: Uint8Array,
  pieceBytes: number,
): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes)
    await storage.append(key, at, bytes.subarray(at, at + pieceBytes));
}
