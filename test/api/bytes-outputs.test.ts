import { createHash } from 'node:crypto';
import { get as httpGet } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputKey, runLogKey } from '../../src/runs/storage-keys.ts';
import { until } from '../support/until.ts';
import { openBytesApi } from './bytes-api.ts';
import type { BytesApi } from './bytes-api.ts';

const REPORT = '<script>alert(document.domain)</script>';
const LARGE = 'x'.repeat(20_000_000);

describe('outputs over the API', () => {
  let api: BytesApi;
  let runId: string;
  let reads: Readable[];
  beforeAll(async () => {
    reads = [];
    api = await openBytesApi((storage) => ({
      ...storage,
      async get(key, range) {
        const stream = await storage.get(key, range);
        reads.push(stream);
        return stream;
      },
    }));
    const text = { mediaType: 'text/plain' };
    runId = await api.completeRun({
      'report.html': { content: REPORT, mediaType: 'text/html' },
      'bam/ä ö "1"\'.bam': { content: '0123456789', mediaType: 'application/octet-stream' },
      'tables/a.tsv': { content: 'a', ...text },
      'tables/b.tsv': { content: 'b', ...text },
      'tables/deep/c.tsv': { content: 'c', ...text },
      'tables-not': { content: 'd', ...text },
      empty: { content: '', ...text },
      large: { content: LARGE, ...text },
      removed: { content: 'removed', ...text },
    });
    await api.storage.delete(outputKey({ runId, attempt: 1 }, 'removed'));
  });
  afterAll(() => api.close());

  const get = (
    path: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'HEAD' = 'GET',
  ) =>
    api.app.inject({
      method,
      url: api.url(runId, `outputs/${path}`),
      headers: { ...api.alice, ...headers },
    });
  const BAM = encodeURI('bam/ä ö "1"\'.bam');

  it('come with their media type, size and digest', async () => {
    const response = await get(BAM);
    expect([response.statusCode, response.body]).toEqual([200, '0123456789']);
    expect(response.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '10',
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache',
      etag: `"${createHash('sha256').update('0123456789').digest('hex')}"`,
    });
    expect(Date.parse(String(response.headers['last-modified']))).not.toBeNaN();
  });

  it('are kept by browsers as files, under their own names', async () => {
    const { headers } = await get(BAM);
    expect(headers['content-disposition']).toBe(
      `attachment; filename="? ? \\"1\\"'.bam"; filename*=UTF-8''%C3%A4%20%C3%B6%20%221%22%27.bam`,
    );
  });

  it('can not script the service, whatever they are', async () => {
    const response = await get('report.html');
    expect(response.body).toBe(REPORT);
    expect(response.headers).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': 'attachment; filename=report.html',
      'content-security-policy': expect.stringMatching(/^sandbox;/),
      'x-content-type-options': 'nosniff',
    });
    expect(response.headers['content-security-policy']).not.toContain('allow-');
  });

  it('are found with their slashes percent-encoded too', async () => {
    expect((await get('tables%2Fdeep%2Fc.tsv')).body).toBe('c');
  });

  it.each([
    ['bytes=2-4', 206, '234'],
    ['bytes=-2', 206, '89'],
    ['bytes=0-1,3-4', 200, '0123456789'],
    ['bytes=10-', 416, undefined],
  ])('give the range %s', async (range, status, body) => {
    const response = await get(BAM, { range });
    expect(response.statusCode).toBe(status);
    if (body !== undefined) expect(response.body).toBe(body);
  });

  it('are not sent again to a client that has them', async () => {
    const { etag, 'last-modified': lastModified } = (await get('report.html')).headers;
    const before = reads.length;
    for (const headers of [
      { 'if-none-match': String(etag) },
      { 'if-none-match': `"other", W/${etag}` },
      { 'if-none-match': '*' },
      { 'if-modified-since': String(lastModified) },
    ]) {
      const response = await get('report.html', headers);
      expect([response.statusCode, response.body]).toEqual([304, '']);
      expect(response.headers).toMatchObject({ etag, 'cache-control': 'private, no-cache' });
    }
    expect(reads).toHaveLength(before);
  });

  it('are sent to a client that has something else', async () => {
    const { 'last-modified': lastModified } = (await get('report.html')).headers;
    for (const headers of [
      { 'if-none-match': '"other"' },
      { 'if-none-match': '"other"', 'if-modified-since': String(lastModified) },
      { 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      { 'if-modified-since': 'no date' },
    ])
      expect((await get('report.html', headers)).statusCode).toBe(200);
  });

  it('give a range of the version that the client began with, else the whole', async () => {
    const { etag, 'last-modified': lastModified } = (await get(BAM)).headers;
    const statusWith = async (ifRange: string) =>
      (await get(BAM, { range: 'bytes=2-4', 'if-range': ifRange })).statusCode;
    expect(await statusWith(String(etag))).toBe(206);
    expect(await statusWith(String(lastModified))).toBe(206);
    expect(await statusWith('"other"')).toBe(200);
    expect(await statusWith(`W/${etag}`)).toBe(200);
    expect(await statusWith('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(200);
  });

  it('tell all but their bytes to HEAD, without being read', async () => {
    const before = reads.length;
    const response = await get('large', {}, 'HEAD');
    expect([response.statusCode, response.body]).toEqual([200, '']);
    expect(response.headers['content-length']).toBe(String(LARGE.length));
    const part = await get('large', { range: 'bytes=0-9' }, 'HEAD');
    expect([part.statusCode, part.headers['content-length']]).toEqual([206, '10']);
    expect(reads).toHaveLength(before);
  });

  it('may be empty', async () => {
    const response = await get('empty');
    expect([response.statusCode, response.body]).toEqual([200, '']);
    expect(response.headers['content-length']).toBe('0');
  });

  it('are listed below a directory, page by page', async () => {
    const paths: string[] = [];
    for (let token = ''; ;) {
      const response = await get(`tables?page_token=${encodeURIComponent(token)}`);
      expect(response.statusCode).toBe(200);
      const { outputs, next_page_token: next } = response.json();
      for (const { path, url } of outputs) {
        paths.push(path);
        const { pathname } = new URL(url);
        expect((await api.app.inject({ url: pathname, headers: api.alice })).statusCode).toBe(200);
      }
      if (next === '') break;
      token = next;
    }
    expect(paths).toEqual(['tables/a.tsv', 'tables/b.tsv', 'tables/deep/c.tsv']);
    expect((await get('tables/deep/')).json().outputs).toHaveLength(1);
  });

  it.each(['none', 'table', 'report.html/x', '..%2f..%2fsecret', '%2e%2e/x', 'nul%00', 'removed'])(
    'are not found as %s',
    async (path) => {
      const response = await get(path);
      expect(response.statusCode).toBe(404);
      expect(response.json()).toEqual({ msg: expect.any(String), status_code: 404 });
    },
  );

  it('of somebody else are not found', async () => {
    for (const path of ['report.html', 'tables', 'none']) {
      const response = await api.app.inject({
        url: api.url(runId, `outputs/${path}`),
        headers: api.bob,
      });
      expect(response.statusCode).toBe(404);
      expect(response.json().msg).toBe(`run ${runId} was not found`);
    }
  });

  it('are closed in storage when the client goes away', async () => {
    await api.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = api.app.server.address() as AddressInfo; // it listens on a port
    const before = reads.length;
    await new Promise<void>((resolve, reject) => {
      const request = httpGet(
        { port, path: api.url(runId, 'outputs/large'), headers: api.alice },
        (response) => {
          response.once('data', () => {
            response.destroy();
            resolve();
          });
        },
      );
      request.once('error', reject);
    });
    const stream = reads[before];
    await until(() => stream?.destroyed === true, { timeoutMs: 5_000 });
    expect(stream?.readableEnded).toBe(false);
  });
});

describe('an object that is shorter than it was a moment ago', () => {
  it('ends in a broken connection, not in a client that waits for ever', async () => {
    const api = await openBytesApi((storage) => ({
      ...storage,
      get: async () => Readable.from([Buffer.from('short')]),
    }));
    try {
      const runId = await api.completeRun({
        a: { content: 'long enough', mediaType: 'text/plain' },
      });
      const address = await api.app.listen({ port: 0, host: '127.0.0.1' });
      const response = await fetch(`${address}${api.url(runId, 'outputs/a')}`, {
        headers: api.alice,
      });
      await expect(response.text()).rejects.toThrow();
    } finally {
      await api.close();
    }
  });
});

describe('an object that is removed between two steps', () => {
  it('is not found, as an output and as a log', async () => {
    const api = await openBytesApi((storage) => ({
      ...storage,
      async get(key, range) {
        await storage.delete(key);
        return storage.get(key, range);
      },
    }));
    try {
      const runId = await api.completeRun({ a: { content: 'a', mediaType: 'text/plain' } });
      await api.storage.append(runLogKey({ runId, attempt: 1 }, 'stdout'), 0, Buffer.from('log'));
      for (const rest of ['outputs/a', 'logs/stdout']) {
        const response = await api.app.inject({ url: api.url(runId, rest), headers: api.alice });
        expect(response.statusCode).toBe(404);
        expect(response.json().msg).toContain('removed');
        expect(response.headers['content-type']).toContain('application/json');
        expect(response.headers['content-length']).toBe(String(response.rawPayload.length));
      }
    } finally {
      await api.close();
    }
  });
});

describe('the document of the API', () => {
  it('has what is given out as bytes, each once', async () => {
    const api = await openBytesApi();
    try {
      const { paths } = (await api.app.inject({ url: '/openapi.json' })).json();
      for (const [path, operation] of [
        ['/runs/{run_id}/logs/{stream}', 'GetRunLogStream'],
        ['/runs/{run_id}/tasks/{task_id}/logs/{stream}', 'GetTaskLogStream'],
        ['/runs/{run_id}/outputs/{*}', 'GetOutput'],
      ] as const) {
        expect(Object.keys(paths[path])).toEqual(['get']);
        expect(paths[path].get.operationId).toBe(operation);
      }
    } finally {
      await api.close();
    }
  });
});
