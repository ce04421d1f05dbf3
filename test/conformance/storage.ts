import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Storage } from '../../src/storage/storage.ts';
import { all, byCodePoint, read, removeAll, write, writeAll } from '../support/stored.ts';
import { describeAppend, describeWriters } from './storage-appending.ts';
import { describeKeys } from './storage-keys.ts';
import { describeLargeObjects } from './storage-large.ts';

export interface OpenStorage {
  /** Empty, and takes writes. */
  readonly storage: Storage;
  /** The same as another process has it. */
  readonly other: Storage;
  close(): Promise<void>;
}

/** What every storage promises. */
export function describeStorage(name: string, open: () => Promise<OpenStorage>): void {
  describe(`${name} keeps the promises of a storage`, () => {
    let storage: Storage;
    let other: Storage;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ storage, other, close } = await open());
    });
    afterEach(() => removeAll(storage));
    afterAll(() => close());

    describePut(() => storage);
    describeLargeObjects(() => storage);
    describeAppend(() => storage);
    describeWriters(
      () => storage,
      () => other,
    );
    describeGet(() => storage);
    describeList(() => storage);
    describeDelete(() => storage);
    describeKeys(() => storage);

    it('says that it can be written and read, and leaves nothing of the probe', async () => {
      await storage.check();
      expect(await all(storage, '')).toEqual([]);
    });
  });
}

function describePut(storage: () => Storage): void {
  it('gives back what was put, with its size and digest', async () => {
    const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251));
    const chunks = [bytes.subarray(0, 7), bytes.subarray(7, 600_000), bytes.subarray(600_000)];
    const stored = await storage().put('runs/1/outputs/a.bin', Readable.from(chunks));
    expect(stored).toEqual({ sizeBytes: 1_000_000, sha256: sha256(bytes) });
    expect(await buffer(await storage().get('runs/1/outputs/a.bin'))).toEqual(bytes);
  });

  it('keeps an empty object', async () => {
    const stored = await storage().put('empty', Readable.from([]));
    expect(stored).toEqual({ sizeBytes: 0, sha256: sha256(Buffer.alloc(0)) });
    expect(await storage().stat('empty')).toMatchObject({ sizeBytes: 0 });
    expect(await read(storage(), 'empty')).toBe('');
  });

  it('replaces an earlier object', async () => {
    await write(storage(), 'a', 'a long first text');
    await write(storage(), 'a', 'second');
    expect(await read(storage(), 'a')).toBe('second');
  });

  it('shows nothing of an object whose stream fails, and passes the failure on', async () => {
    const failure = new Error('the client went away');
    await expect(storage().put('a', failingStream('partial', failure))).rejects.toBe(failure);
    expect(await storage().stat('a')).toBeUndefined();
    expect(await all(storage(), '')).toEqual([]);
  });

  it('keeps the earlier object when the stream of its replacement fails', async () => {
    await write(storage(), 'a', 'earlier');
    const failure = new Error('the client went away');
    await expect(storage().put('a', failingStream('partial', failure))).rejects.toBe(failure);
    expect(await read(storage(), 'a')).toBe('earlier');
  });

  it('stores nothing of a stream that was cut off without an error', async () => {
    const body = new Readable({ read: () => undefined });
    body.push('partial');
    setImmediate(() => body.destroy());
    await expect(storage().put('a', body)).rejects.toThrow();
    expect(await storage().stat('a')).toBeUndefined();
  });

  it('shows one whole object when many write the same key at once', async () => {
    const texts = Array.from({ length: 12 }, (_, index) => String(index).repeat(50_000));
    await Promise.all(texts.map((content) => write(storage(), 'deep/er/a', content)));
    expect(texts).toContain(await read(storage(), 'deep/er/a'));
  });

  it('tells when an object was changed', async () => {
    const before = Date.now();
    await write(storage(), 'a', 'x');
    const { modifiedAt } = (await storage().stat('a')) ?? { modifiedAt: 0 };
    expect(Number.isInteger(modifiedAt)).toBe(true);
    expect(Math.abs(modifiedAt - before)).toBeLessThan(60_000);
  });
}

function describeGet(storage: () => Storage): void {
  it.each([
    [{ start: 0, end: 0 }, '0'],
    [{ start: 2, end: 4 }, '234'],
    [{ start: 7 }, '789'],
    [{ start: 8, end: 1000 }, '89'],
    [{ start: 10 }, ''],
    [{ start: 5, end: 4 }, ''],
  ])('gives the bytes of range %j', async (range, expected) => {
    await write(storage(), 'digits', '0123456789');
    expect(await text(await storage().get('digits', range))).toBe(expected);
  });

  it('says not_found for what is not there', async () => {
    await write(storage(), 'runs/1/a', 'x');
    for (const key of ['none', 'runs/1', 'runs/1/a/b', 'runs/2/a', 'run'])
      await expect(storage().get(key), key).rejects.toMatchObject({ code: 'not_found' });
  });

  it('has no size of what is not there', async () => {
    await write(storage(), 'runs/1/a', 'x');
    for (const key of ['none', 'runs/1', 'runs/1/a/b', 'runs/2/a'])
      expect(await storage().stat(key), key).toBeUndefined();
  });

  it('goes on reading an object that is deleted or replaced meanwhile', async () => {
    const content = 'x'.repeat(3_000_000);
    await write(storage(), 'a', content);
    const stream = await storage().get('a');
    await write(storage(), 'a', 'replaced');
    await storage().delete('a');
    expect(await text(stream)).toBe(content);
  });

  it('can be left in the middle of an object', async () => {
    await write(storage(), 'a', 'x'.repeat(3_000_000));
    const stream = await storage().get('a');
    for await (const chunk of stream) {
      expect(chunk).toBeInstanceOf(Uint8Array);
      break;
    }
    expect(stream.destroyed).toBe(true);
  });
}

const THOUSANDS_MS = 180_000;

function describeList(storage: () => Storage): void {
  it('lists in the order of code points of whole keys, across directories', async () => {
    const keys = ['a', 'b-c', 'b.txt', 'b/a', 'b/c/d', 'b/é', 'b0', 'B', 'ab/x', 'z/1/2/3'];
    keys.push('b/ﬀ', 'b/🧬', '🧬/a', 'ﬀ/a');
    for (const key of keys) await write(storage(), key, key);
    const listed = await all(storage(), '');
    expect(listed.map(({ key }) => key)).toEqual(keys.toSorted(byCodePoint));
    expect(listed.find(({ key }) => key === 'b/é')).toMatchObject({ sizeBytes: 4 });
  });

  it('lists only keys with the prefix, which may end within a name', async () => {
    for (const key of ['runs/1/a', 'runs/1/b', 'runs/10/a', 'runs/2/a', 'run', 'x'])
      await write(storage(), key, key);
    const keysOf = async (prefix: string): Promise<readonly string[]> =>
      (await all(storage(), prefix)).map(({ key }) => key);
    expect(await keysOf('runs/1/')).toEqual(['runs/1/a', 'runs/1/b']);
    expect(await keysOf('runs/1')).toEqual(['runs/1/a', 'runs/1/b', 'runs/10/a']);
    expect(await keysOf('run')).toEqual(['run', 'runs/1/a', 'runs/1/b', 'runs/10/a', 'runs/2/a']);
    expect(await keysOf('none/')).toEqual([]);
    expect(await keysOf('x/y')).toEqual([]);
  });

  it(
    'lists and removes thousands of objects',
    async () => {
      const keys = Array.from({ length: 2100 }, (_, index) => `many/${index}`);
      await writeAll(storage(), [...keys, 'manybody']);
      const listed = await all(storage(), 'many/');
      expect(listed.map(({ key }) => key)).toEqual(keys.toSorted());
      await storage().deletePrefix('many/');
      expect((await all(storage(), '')).map(({ key }) => key)).toEqual(['manybody']);
    },
    THOUSANDS_MS,
  );

  it('can be left before the end of a list', async () => {
    for (const key of ['a', 'b', 'c']) await write(storage(), key, key);
    for await (const { key } of storage().list('')) {
      expect(key).toBe('a');
      break;
    }
  });
}

function describeDelete(storage: () => Storage): void {
  it('deletes one object and leaves its neighbours', async () => {
    for (const key of ['d/a', 'd/ab', 'd/b']) await write(storage(), key, key);
    await storage().delete('d/a');
    expect((await all(storage(), '')).map(({ key }) => key)).toEqual(['d/ab', 'd/b']);
  });

  it('deletes what is not there without complaint', async () => {
    await write(storage(), 'd/a', 'x');
    for (const key of ['none', 'none/x', 'd', 'd/a/b']) await storage().delete(key);
    await storage().deletePrefix('none/');
    expect(await read(storage(), 'd/a')).toBe('x');
  });

  it('deletes all objects with a prefix', async () => {
    for (const key of ['runs/1/a', 'runs/1/b/c', 'runs/10/a', 'runs/2/a'])
      await write(storage(), key, key);
    await storage().deletePrefix('runs/1/');
    expect((await all(storage(), '')).map(({ key }) => key)).toEqual(['runs/10/a', 'runs/2/a']);
    await storage().deletePrefix('runs/1');
    expect((await all(storage(), '')).map(({ key }) => key)).toEqual(['runs/2/a']);
  });

  it('refuses to delete everything', async () => {
    await expect(storage().deletePrefix('')).rejects.toMatchObject({ code: 'invalid_key' });
  });

  it('stands writers and deleters of the same keys at once', async () => {
    const work = Array.from({ length: 60 }, async (_, index) => {
      const key = `race/${index % 2}/${index % 3}/a`;
      if (index % 4 === 0) await storage().deletePrefix('race/');
      else if (index % 4 === 1) await storage().delete(key);
      else await write(storage(), key, 'whole');
    });
    await Promise.all(work);
    for (const { key } of await all(storage(), 'race/'))
      expect(await read(storage(), key)).toBe('whole');
  });
}

function failingStream(beginning: string, failure: Error): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from(beginning);
      throw failure;
    })(),
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
