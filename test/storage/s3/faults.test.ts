import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createS3Storage } from '../../../src/storage/s3/s3.ts';
import type { S3Settings } from '../../../src/storage/s3/settings.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { startBreakingProxy, type BreakingProxy } from '../../support/breaking-proxy.ts';
import { createTestBucket, missingS3, type TestBucket } from '../../support/buckets.ts';
import { describeWith } from '../../support/suite.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const MEBIBYTE = 1024 * 1024;

let bucket: TestBucket;
let storage: Storage;

function storageWith(settings: Partial<S3Settings>): Storage {
  return createS3Storage({ ...bucket.settings, ...settings });
}

const put = (to: Storage, key: string, content: Uint8Array) =>
  to.put(key, Readable.from([content]));

describeWith('The storage on S3 with wrong settings', missingS3, () => {
  beforeEach(async () => {
    bucket = await createTestBucket();
    storage = createS3Storage(bucket.settings);
  });
  afterEach(() => bucket.drop());

  it.each([
    [
      'an access key that is unknown',
      { credentials: { accessKeyId: 'nobody', secretAccessKey: 'x' } },
      'the access key is unknown there: give the right ones in AWS_ACCESS_KEY_ID',
    ],
    [
      'a missing bucket',
      { bucket: 'no-such-bucket-anywhere' },
      "'no-such-bucket-anywhere'",
      'there is no such bucket: create it, or correct S3_BUCKET_NAME',
    ],
    [
      'an endpoint where nobody listens',
      { endpoint: 'http://127.0.0.1:1' },
      'at http://127.0.0.1:1: it can not be reached (ECONNREFUSED)',
    ],
    [
      'an endpoint whose name is unknown',
      { endpoint: 'http://s3.invalid' },
      'at http://s3.invalid: it can not be reached (E',
    ],
  ])('says what is wrong with %s', async (_case, settings, ...words) => {
    const error = await storageWith(settings)
      .check()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'StorageError', code: 'unavailable' });
    for (const word of words) expect(String(error)).toContain(word);
  });

  it('says that a secret key is wrong', async () => {
    const { accessKeyId } = bucket.settings.credentials;
    const wrong = storageWith({ credentials: { accessKeyId, secretAccessKey: 'wrong' } });
    await expect(wrong.check()).rejects.toThrow('the secret key is not the one of the access key');
    await expect(wrong.stat('a')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(put(wrong, 'a', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('does not take a missing bucket for one without objects', async () => {
    const wrong = storageWith({ bucket: 'no-such-bucket-anywhere' });
    for (const attempt of [
      () => wrong.stat('a'),
      () => wrong.get('a'),
      () => wrong.append('a', 0, Buffer.from('x')),
      () => put(wrong, 'a', Buffer.from('x')),
      () => wrong.deletePrefix('a'),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('refuses a key that is too long with its prefix', async () => {
    const long = `${'n'.repeat(250)}/`.repeat(4) + 'end';
    await expect(put(storage, long, Buffer.from('x'))).rejects.toMatchObject({
      code: 'invalid_key',
      message: expect.stringContaining('S3_PREFIX'),
    });
  });
});

describeWith('The storage on S3 over a bad network', missingS3, () => {
  let proxy: BreakingProxy;
  let far: Storage;
  const content = randomBytes(20 * MEBIBYTE);

  beforeEach(async () => {
    bucket = await createTestBucket();
    storage = createS3Storage(bucket.settings);
    proxy = await startBreakingProxy(Number(new URL(bucket.settings.endpoint).port));
    far = storageWith({ endpoint: `http://127.0.0.1:${proxy.port}` });
  });
  afterEach(async () => {
    await proxy.close();
    await bucket.drop();
  });

  /** Does not wait a minute for a connection that is silent. */
  const impatient = () =>
    storageWith({ endpoint: `http://127.0.0.1:${proxy.port}`, silenceMs: 2000 });

  it('goes on with a download where its connection broke, again and again', async () => {
    await put(storage, 'a', content);
    proxy.breakAfter('to client', 3 * MEBIBYTE, 6);
    expect((await buffer(await far.get('a'))).equals(content)).toBe(true);
    expect(proxy.connections()).toBe(7);
    const range = { start: 1000, end: 15 * MEBIBYTE };
    proxy.breakAfter('to client', 5 * MEBIBYTE, 2);
    const part = await buffer(await far.get('a', range));
    expect(part.equals(content.subarray(range.start, range.end + 1))).toBe(true);
  });

  it('goes on with a download that fell silent', async () => {
    await put(storage, 'a', content);
    proxy.silenceAfter('to client', 3 * MEBIBYTE);
    expect((await buffer(await impatient().get('a'))).equals(content)).toBe(true);
  });

  it('ends a download whose connection always breaks with an error', async () => {
    await put(storage, 'a', content);
    proxy.breakAfter('to client', 10, 1000);
    const failed = async () => buffer(await far.get('a'));
    await expect(failed()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('never puts the beginning of one version and the end of another together', async () => {
    await put(storage, 'a', content);
    proxy.breakAfter('to client', 3 * MEBIBYTE);
    proxy.whenBroken(async () => void (await put(storage, 'a', randomBytes(20 * MEBIBYTE))));
    const failed = async () => buffer(await far.get('a'));
    await expect(failed()).rejects.toMatchObject({
      code: 'not_found',
      message: 'the object was replaced while it was read',
    });
  });

  it('says that an object is gone that was removed while its connection was broken', async () => {
    await put(storage, 'a', content);
    proxy.breakAfter('to client', 3 * MEBIBYTE);
    proxy.whenBroken(() => storage.delete('a'));
    const failed = async () => buffer(await far.get('a'));
    await expect(failed()).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each([
    ['breaks', 'breakAfter'],
    ['falls silent', 'silenceAfter'],
  ] as const)('sends again what was on its way when a connection %s', async (_case, fault) => {
    const sender = impatient();
    proxy[fault]('to server', 3 * MEBIBYTE, 4);
    await put(sender, 'a', content);
    expect((await buffer(await storage.get('a'))).equals(content)).toBe(true);
    proxy[fault]('to server', 700, 2);
    await sender.append('log', 0, Buffer.from('one\n'));
    await sender.append('log', 4, Buffer.from('two\n'));
    expect(await text(await storage.get('log'))).toBe('one\ntwo\n');
  });

  it('keeps the earlier object, and no part of the new one, when a connection always breaks', async () => {
    await put(storage, 'a', Buffer.from('earlier'));
    proxy.breakAfter('to server', 3 * MEBIBYTE, 1000);
    const body = Readable.from([content]);
    await expect(far.put('a', body)).rejects.toMatchObject({ code: 'unavailable' });
    expect(body.destroyed).toBe(true);
    expect(await text(await storage.get('a'))).toBe('earlier');
    expect(await uploadsOf(bucket)).toEqual([]);
  });

  it('leaves no upload behind when the stream fails or is cut off', async () => {
    const failing = Readable.from(
      (function* () {
        yield content;
        throw new Error('the client went away');
      })(),
    );
    await expect(storage.put('a', failing)).rejects.toThrow('the client went away');
    const cut = new Readable({ read: () => undefined });
    cut.push(content);
    setImmediate(() => cut.destroy());
    await expect(storage.put('a', cut)).rejects.toThrow();
    expect(await bucket.names()).toEqual([]);
    expect(await uploadsOf(bucket)).toEqual([]);
  });

  it('takes a slow network as it is', async () => {
    proxy.slowDown(4096);
    const some = content.subarray(0, 2 * MEBIBYTE);
    await put(far, 'a', some);
    expect((await buffer(await far.get('a'))).equals(some)).toBe(true);
  });

  it('lets go of a download that its reader leaves while nothing comes', async () => {
    await put(storage, 'a', content);
    proxy.silenceAfter('to client', 100_000);
    const stream = await far.get('a');
    let received = 0;
    for await (const chunk of stream) {
      received += (chunk as Uint8Array).byteLength; // of a storage
      if (received > 90_000) break;
    }
    expect(stream.destroyed).toBe(true);
  });
});

async function uploadsOf({ client, settings }: TestBucket): Promise<readonly unknown[]> {
  const request = { Bucket: settings.bucket, Prefix: settings.prefix };
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(request));
  return Uploads;
}
