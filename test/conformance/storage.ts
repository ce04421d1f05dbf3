import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StorageError } from '../../src/storage/storage.ts';
import type { Storage } from '../../src/storage/storage.ts';

/** What every storage promises; `open` gives an empty one that takes writes. */
export function describeStorage(
  name: string,
  open: () => Promise<{ readonly storage: Storage; close(): Promise<void> }>,
): void {
  describe(`${name} keeps the promises of a storage`, () => {
    let storage: Storage;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ storage, close } = await open());
    });
    afterEach(async () => {
      for (const { key } of await all(storage, '')) await storage.delete(key);
    });
    afterAll(() => close());

    describePut(() => storage);
    describeAppend(() => storage);
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

function describeAppend(storage: () => Storage): void {
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

  it('appends to what was put, and a put replaces what was appended', async () => {
    await write(storage(), 'log', 'put,');
    await storage().append('log', 4, Buffer.from('appended'));
    expect(await read(storage(), 'log')).toBe('put,appended');
    await write(storage(), 'log', 'whole');
    expect(await read(storage(), 'log')).toBe('whole');
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

function describeList(storage: () => Storage): void {
  it('lists in code unit order of whole keys, across directories', async () => {
    const keys = ['a', 'b-c', 'b.txt', 'b/a', 'b/c/d', 'b/é', 'b0', 'B', 'ab/x', 'z/1/2/3'];
    for (const key of keys) await write(storage(), key, key);
    const listed = await all(storage(), '');
    expect(listed.map(({ key }) => key)).toEqual(keys.toSorted());
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

const ODD_KEYS = [
  'with space and ünïcödé 漢字 🧬',
  'é', // composed
  'e\u0301', // the same letter from two code points: another key
  'back\\slash',
  'runs/..a/.b/...',
  'line\nbreak',
  '%2e%2e/100%',
  '#?&*"<>|:',
  `${'n'.repeat(255)}/${'n'.repeat(255)}`,
];

const INVALID_KEYS = [
  '',
  '/a',
  '/etc/passwd',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../../b',
  'a/./b',
  'a/..',
  'nul\0',
  'lone surrogate \ud800',
  'n'.repeat(256),
  'é'.repeat(128),
  'long/'.repeat(205),
];

function describeKeys(storage: () => Storage): void {
  it('keeps odd keys apart from each other', async () => {
    for (const key of ODD_KEYS) await write(storage(), key, `content of ${key}`);
    for (const key of ODD_KEYS) expect(await read(storage(), key)).toBe(`content of ${key}`);
    expect((await all(storage(), '')).map(({ key }) => key)).toEqual(ODD_KEYS.toSorted());
  });

  it.each(INVALID_KEYS)('refuses the key %j', async (key) => {
    const body = Readable.from(['x']);
    const attempts = [
      () => storage().put(key, body),
      () => storage().append(key, 0, Buffer.from('x')),
      () => storage().get(key),
      () => storage().stat(key),
      () => storage().delete(key),
      async () => storage().url(key),
    ];
    for (const attempt of attempts) {
      const error = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StorageError);
      expect(error).toMatchObject({ code: 'invalid_key' });
    }
    expect(body.destroyed).toBe(true);
  });

  it.each(['/', '../', 'a/../', 'a//', './b', 'nul\0'])('refuses the prefix %j', async (prefix) => {
    await expect(all(storage(), prefix)).rejects.toMatchObject({ code: 'invalid_key' });
    await expect(storage().deletePrefix(prefix)).rejects.toMatchObject({ code: 'invalid_key' });
  });

  it('gives each object an address of its own', () => {
    const urls = ODD_KEYS.map((key) => storage().url(key));
    expect(new Set(urls).size).toBe(ODD_KEYS.length);
    for (const url of urls) expect(new URL(url).href).toBe(url);
  });
}

async function write(storage: Storage, key: string, content: string): Promise<void> {
  await storage.put(key, Readable.from([Buffer.from(content)]));
}

async function read(storage: Storage, key: string): Promise<string> {
  return text(await storage.get(key));
}

/** The whole list, for storages that hold little. */
export async function all(
  storage: Storage,
  prefix: string,
): Promise<readonly { key: string; sizeBytes: number }[]> {
  const listed = [];
  for await (const object of storage.list(prefix)) listed.push(object);
  return listed;
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
