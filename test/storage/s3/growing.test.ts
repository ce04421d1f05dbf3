import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createS3Storage } from '../../../src/storage/s3/s3.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { createTestBucket, missingS3, type TestBucket } from '../../support/buckets.ts';
import { describeWith } from '../../support/suite.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWith('A growing object on S3', missingS3, () => {
  let bucket: TestBucket;
  let storage: Storage;
  beforeEach(async () => {
    bucket = await createTestBucket();
    storage = createS3Storage(bucket.settings);
  });
  afterEach(() => bucket.drop());

  async function grow(key: string, count: number): Promise<string> {
    let whole = '';
    for (let index = 0; index < count; index += 1) {
      const piece = `line ${index}\n`;
      await storage.append(key, whole.length, Buffer.from(piece));
      whole += piece;
    }
    return whole;
  }

  it('is read whole at any moment while its segments are merged', async () => {
    const reader = createS3Storage(bucket.settings);
    const growing = new AbortController();
    let seen = '';
    let looks = 0;
    const reading = (async () => {
      while (!growing.signal.aborted) {
        const found = await reader.stat('log');
        const now = found === undefined ? '' : await text(await reader.get('log'));
        expect(now.length).toBeGreaterThanOrEqual(Math.max(seen.length, found?.sizeBytes ?? 0));
        expect(now.startsWith(seen)).toBe(true);
        seen = now;
        looks += 1;
      }
    })();
    const whole = await grow('log', 120).finally(() => growing.abort());
    await reading;
    expect(looks).toBeGreaterThan(3);
    expect(await text(await reader.get('log'))).toBe(whole);
  });

  it('is read on by a reader whose segments were merged and removed meanwhile', async () => {
    const whole = await grow('log', 31);
    const stream = await storage.get('log');
    await storage.append('log', whole.length, Buffer.from('one more\n'));
    const old = (await bucket.names()).filter((name) => name.endsWith('-0'));
    const merged = (await bucket.names()).filter((name) => name.endsWith('-1'));
    expect(merged).toHaveLength(1);
    await removeNames(bucket, old);
    expect(await text(stream)).toBe(whole);
    expect(await text(await storage.get('log'))).toBe(`${whole}one more\n`);
  });

  it('is one object without bytes, and segments with its key in their names', async () => {
    await grow('runs/1/log', 2);
    const { prefix } = bucket.settings;
    const names = await bucket.names();
    expect(names).toHaveLength(3);
    expect(names).toContain(`${prefix}/objects/runs/1/log`);
    const segment = new RegExp(`^${prefix}/segments/runs/1/log/[0-9a-f]{32}/\\d{16}-\\d{16}-0$`);
    expect(names.filter((name) => segment.test(name))).toHaveLength(2);
  });

  it('leaves nothing in the bucket when it is replaced, deleted, or removed with others', async () => {
    await grow('runs/1/a', 40);
    await grow('runs/1/b', 3);
    await storage.put('runs/1/a', Readable.from(['put']));
    const { prefix } = bucket.settings;
    const ofA = (await bucket.names()).filter((name) => name.includes('/a'));
    expect(ofA).toEqual([`${prefix}/objects/runs/1/a`]);
    await storage.delete('runs/1/b');
    expect(await bucket.names()).toEqual(ofA);
    await grow('runs/1/c', 3);
    await grow('runs/10/c', 1);
    await storage.deletePrefix('runs/1/');
    const left = await bucket.names();
    expect(left).toHaveLength(2);
    expect(left.every((name) => name.includes('/runs/10/c'))).toBe(true);
  });

  it('is kept apart from one whose key lies below its own', async () => {
    for (const key of ['a', 'a/b', 'a/b/c']) {
      await storage.append(key, 0, Buffer.from(key));
      await storage.append(key, key.length, Buffer.from('!'));
    }
    for (const key of ['a', 'a/b', 'a/b/c'])
      expect(await text(await storage.get(key))).toBe(`${key}!`);
    await storage.delete('a/b');
    expect(await text(await storage.get('a'))).toBe('a!');
    expect(await text(await storage.get('a/b/c'))).toBe('a/b/c!');
  });
});

async function removeNames({ client, settings }: TestBucket, names: readonly string[]) {
  const { Bucket } = await import('../../../src/storage/s3/bucket.ts');
  await new Bucket(client, settings.bucket).remove(names);
}
