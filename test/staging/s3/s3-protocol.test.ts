import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Protocol } from '../../../src/staging/protocol.ts';
import { parseBucketPart } from '../../../src/staging/readable-buckets.ts';
import type { ObjectStorageSettings } from '../../../src/staging/object-storage-settings.ts';
import { createS3Protocol } from '../../../src/staging/s3-protocol.ts';
import { startBreakingProxy } from '../../support/breaking-proxy.ts';
import { createTestBucket, missingS3, type TestBucket } from '../../support/buckets.ts';
import { createFetching, type Fetching } from '../../support/fetching.ts';
import { startFileServer } from '../../support/file-server.ts';
import { objectStorage, putObject } from '../../support/object-storage.ts';
import { describeWith } from '../../support/suite.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const CONTENT = Buffer.from('acgt'.repeat(500_000));

let fetching: Fetching;

beforeEach(() => {
  fetching = createFetching([]);
});
afterEach(() => fetching.close());

describeWith('Inputs of object storage', missingS3, () => {
  let bucket: TestBucket;
  let secret: string;
  let shared: string;

  beforeAll(async () => {
    bucket = await createTestBucket();
    secret = await putObject(bucket, 'in/secret 50%.fq', CONTENT);
    shared = await putObject(bucket, 'in/shared+ä.fq', CONTENT, true);
  });
  afterAll(() => bucket.drop());

  function protocol(more: Partial<ObjectStorageSettings> = {}): Protocol {
    return createS3Protocol(objectStorage(bucket, more));
  }
  const at = (key: string, scheme = 's3') => `${scheme}://${bucket.settings.bucket}/${key}`;
  const whole = () => ({ listed: [parseBucketPart(bucket.settings.bucket)] });

  test.each(['s3', 'gs'] as const)(
    'are read with credentials where %s buckets are listed',
    async (scheme) => {
      const { open } = protocol({ scheme, ...whole() });
      const fetched = await fetching.fetch(open, at(secret, scheme));
      expect(fetched.content.equals(CONTENT)).toBe(true);
      expect(fetched.name).toBe('secret 50%.fq');
      expect(fetched.version).toMatch(/^"[0-9a-f]{32}"$/);
    },
  );

  test.each(['s3', 'gs'] as const)(
    'are read by everybody where %s lets everybody',
    async (scheme) => {
      const { open } = protocol({ scheme });
      const { content } = await fetching.fetch(open, at(shared, scheme));
      expect(content.equals(CONTENT)).toBe(true);
    },
  );

  test('are not read with credentials where nobody listed them', async () => {
    const { prefix } = bucket.settings;
    const other = { listed: [parseBucketPart(`${bucket.settings.bucket}/${prefix}/i`)] };
    for (const settings of [{}, other]) {
      const error = await fetching.failure(protocol(settings).open, at(secret));
      expect(error.message).toContain('STAGING_S3_BUCKETS');
      expect(error.isPassing).toBe(false);
    }
  });

  test('are read below a prefix that is listed', async () => {
    const listed = [parseBucketPart(`${bucket.settings.bucket}/${bucket.settings.prefix}/in/`)];
    const { sizeBytes } = await fetching.fetch(protocol({ listed }).open, at(secret));
    expect(sizeBytes).toBe(CONTENT.length);
  });

  test('are refused where the service keeps its own', async () => {
    const storage = { bucket: bucket.settings.bucket, prefix: '' };
    for (const settings of [{}, whole()]) {
      const error = await fetching.failure(protocol({ ...settings, storage }).open, at(shared));
      expect(error.message).toContain('holds what this service stores');
      expect(error.isPassing).toBe(false);
    }
  });

  test('that are missing say so', async () => {
    const open = protocol(whole()).open;
    expect((await fetching.failure(open, at('nothing'))).message).toBe('there is no such object');
    const nowhere = await fetching.failure(open, 's3://no-such-bucket-anywhere/a');
    expect(nowhere.message).toBe("there is no bucket 'no-such-bucket-anywhere'");
    expect(nowhere.isPassing).toBe(false);
  });

  test('that need credentials which are wrong or not there say so to operators', async () => {
    const keys = { accessKeyId: 'nobody', secretAccessKey: 'x' };
    const wrong = await fetching.failure(protocol({ ...whole(), keys }).open, at(secret));
    expect(wrong.message).toContain("the service's credentials were refused (InvalidAccessKeyId)");
    const { keys: _keys, ...without } = objectStorage(bucket, { scheme: 'gs', ...whole() });
    const none = await fetching.failure(createS3Protocol(without).open, at(secret, 'gs'));
    expect(none.message).toContain('operators give them in STAGING_GS_ACCESS_KEY_ID');
  });

  test('go on where the connection broke', async () => {
    const proxy = await startBreakingProxy(Number(new URL(bucket.settings.endpoint).port));
    proxy.breakAfter('to client', 1_200_000);
    const { open } = protocol({ ...whole(), endpoint: `http://127.0.0.1:${proxy.port}` });
    const offsets: number[] = [];
    const watched: Protocol['open'] = (address, request) => {
      offsets.push(request.offset);
      return open(address, request);
    };
    const { content } = await fetching.fetch(watched, at(secret));
    expect(content.equals(CONTENT)).toBe(true);
    expect(offsets).toHaveLength(2);
    expect(offsets[1]).toBeGreaterThan(0);
    await proxy.close();
  });

  test('begin anew when they are others by now', async () => {
    const { signal } = new AbortController();
    const request = { offset: 10, version: `"${'0'.repeat(32)}"`, signal };
    const file = await protocol(whole()).open(at(secret), request);
    expect(file.offset).toBe(0);
    expect(file.sizeBytes).toBe(CONTENT.length);
    file.body.destroy();
    const { version = '' } = file;
    const rest = await protocol(whole()).open(at(secret), { offset: 10, version, signal });
    expect(rest).toMatchObject({ offset: 10, sizeBytes: CONTENT.length, version });
    rest.body.destroy();
  });
});

describe('A server of object storage', () => {
  const XML = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
  const keys = { accessKeyId: 'key', secretAccessKey: 'secret' };

  test.each([
    [503, 'SlowDown', true, 'the server asks to try again later (503 SlowDown)'],
    [500, 'InternalError', true, 'the server asks to try again later (500 InternalError)'],
    [301, 'PermanentRedirect', false, "bucket 'data' is in another region"],
    [400, 'AuthorizationHeaderMalformed', false, 'STAGING_S3_REGION'],
    [403, 'InvalidObjectState', false, 'it is archived: restore it first'],
    [403, 'AccessDenied', false, "the service's credentials do not allow to read it"],
    [418, 'Teapot', false, 'the server answered 418 Teapot'],
  ])('that answers %i %s is understood', async (status, code, isPassing, words) => {
    const server = await startFileServer();
    server.serve('/data/a', (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' }).end(XML(code));
    });
    const { open } = createS3Protocol({
      ...{ scheme: 's3', endpoint: server.url, keys, usesAwsCredentials: false },
      listed: [parseBucketPart('data')],
    });
    const error = await fetching.failure(open, 's3://data/a');
    expect(error.message).toContain(words);
    expect(error.isPassing).toBe(isPassing);
    expect(error.status).toBe(status);
    await server.close();
  });

  test('that tells checksums is held to them', async () => {
    const server = await startFileServer();
    const headers = { 'x-goog-hash': `crc32c=AAAAAA==,md5=${Buffer.alloc(16).toString('base64')}` };
    server.serve('/data/a', { content: 'x', etag: '"one"', headers });
    const { open } = createS3Protocol({
      ...{ scheme: 'gs', endpoint: server.url, usesAwsCredentials: false, listed: [] },
    });
    const error = await fetching.failure(open, 'gs://data/a');
    expect(error.message).toContain('its md5 checksum is not the one');
    const [first] = server.requests;
    expect(first?.headers['accept-encoding']).toBe('gzip');
    expect(first?.headers.authorization).toBeUndefined();
    await server.close();
  });

  test('that nobody reaches is tried again', async () => {
    const { open } = createS3Protocol({
      ...{ scheme: 's3', endpoint: 'http://127.0.0.1:1', usesAwsCredentials: false, listed: [] },
    });
    const error = await fetching.failure(open, 's3://data/a');
    expect(error.message).toBe('the server could not be reached (ECONNREFUSED)');
    expect(error.isPassing).toBe(true);
  });
});

describe('An address of an object', () => {
  test.each([
    ['s3://', "'' can not be the name of a bucket"],
    ['s3://Bucket_1/a', 'can not be the name of a bucket'],
    ['s3://169.254.169.254/latest', 'can not be the name of a bucket'],
    ['s3://arn:aws:s3:::x/a', 'can not be the name of a bucket'],
    ['s3://a..b/c', 'can not be the name of a bucket'],
    ['s3://user@data/c', 'can not be the name of a bucket'],
    ['s3://data', 'it names no object'],
    ['s3://data/', 'it names no object'],
    ['s3://data/dir/', 'it names no object'],
    ['s3://data/public/../private/a', 'no object is read whose key is such a path'],
    ['s3://data/./a', 'no object is read whose key is such a path'],
  ])('%s is refused', async (address, words) => {
    const { open } = createS3Protocol({ scheme: 's3', usesAwsCredentials: false, listed: [] });
    const error = await fetching.failure(open, address);
    expect(error.message).toContain(words);
    expect(error.isPassing).toBe(false);
  });
});
