import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createS3Storage } from '../../src/storage/s3/s3.ts';
import { createTestBucket, missingS3, type TestBucket } from '../support/buckets.ts';
import { describeWith } from '../support/suite.ts';
import { openBytesApi, type BytesApi } from './bytes-api.ts';

vi.setConfig({ hookTimeout: 120_000 });

const REPORT = '<script>alert(document.domain)</script>';

describeWith('Outputs that are fetched from the bucket itself', missingS3, () => {
  let bucket: TestBucket;
  let api: BytesApi;
  let runId: string;
  beforeAll(async () => {
    bucket = await createTestBucket();
    const storage = createS3Storage({ ...bucket.settings, presignedUrls: true });
    api = await openBytesApi(undefined, storage);
    runId = await api.completeRun({
      'tables/ä "1".html': { content: REPORT, mediaType: 'text/html' },
    });
  });
  afterAll(async () => {
    await api.close();
    await bucket.drop();
  });

  const ask = (method: 'GET' | 'HEAD', headers: Record<string, string> = {}) =>
    api.app.inject({
      method,
      url: api.url(runId, encodeURI('outputs/tables/ä "1".html')),
      headers: { ...api.alice, ...headers },
    });

  async function location(): Promise<URL> {
    const { statusCode, headers } = await ask('GET');
    expect(statusCode).toBe(307);
    return new URL(String(headers.location));
  }

  it('are answered with an address that needs no credentials, for some minutes', async () => {
    const address = await location();
    expect(address.origin).toBe(bucket.settings.endpoint);
    expect(Number(address.searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(300);
    expect(address.href).not.toContain(bucket.settings.credentials.secretAccessKey);
    const fetched = await fetch(address);
    expect([fetched.status, await fetched.text()]).toEqual([200, REPORT]);
    expect(fetched.headers.get('content-type')).toBe('text/html');
    const disposition = fetched.headers.get('content-disposition');
    expect(disposition).toContain('attachment');
    expect(disposition).toContain("filename*=UTF-8''%C3%A4%20%221%22.html");
  });

  it('come in parts from there', async () => {
    const part = await fetch(await location(), { headers: { range: 'bytes=1-6' } });
    expect([part.status, await part.text()]).toEqual([206, 'script']);
  });

  it('can not be had by an address that was changed', async () => {
    const address = await location();
    const type = 'response-content-type';
    address.searchParams.set(type, 'text/plain');
    expect((await fetch(address)).status).toBe(403);
    const other = await location();
    other.pathname = other.pathname.replace(runId, runId.replace(/.$/, 'x'));
    expect((await fetch(other)).status).toBe(403);
  });

  it('are not to be kept by anybody as the redirect', async () => {
    const { headers } = await ask('GET');
    expect(headers['cache-control']).toBe('private, no-store');
    expect(headers.etag).toBeUndefined();
  });

  it('are described by the service itself', async () => {
    const { statusCode, headers } = await ask('HEAD');
    expect(statusCode).toBe(200);
    const etag = `"${createHash('sha256').update(REPORT).digest('hex')}"`;
    expect(headers).toMatchObject({ 'content-length': `${REPORT.length}`, etag });
    expect((await ask('GET', { 'if-none-match': etag })).statusCode).toBe(304);
  });

  it('are given to nobody else', async () => {
    expect((await ask('GET', api.bob)).statusCode).toBe(404);
    expect((await ask('GET', { authorization: '' })).statusCode).toBe(401);
  });
});
