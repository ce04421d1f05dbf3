import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { StorageError } from '../../src/storage/storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { all, byCodePoint, read, write } from '../support/stored.ts';

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

export function describeKeys(storage: () => Storage): void {
  it('keeps odd keys apart from each other', async () => {
    for (const key of ODD_KEYS) await write(storage(), key, `content of ${key}`);
    for (const key of ODD_KEYS) expect(await read(storage(), key)).toBe(`content of ${key}`);
    expect((await all(storage(), '')).map(({ key }) => key)).toEqual(
      ODD_KEYS.toSorted(byCodePoint),
    );
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
