import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLogKey, taskLogKey } from '../../src/runs/storage-keys.ts';
import { openBytesApi } from './bytes-api.ts';
import type { BytesApi } from './bytes-api.ts';

const TASK = { taskId: 'align-1', position: 1, name: 'align', command: ['align'], systemLogs: [] };
const UNKNOWN_RUN = '01900000-0000-7000-8000-000000000000';

describe('logs over the API', () => {
  let api: BytesApi;
  let runId: string;
  beforeAll(async () => {
    api = await openBytesApi();
    runId = await api.startRun([TASK]);
    await api.storage.append(
      runLogKey({ runId, attempt: 1 }, 'stderr'),
      0,
      Buffer.from('0123456789'),
    );
    await api.storage.append(
      taskLogKey({ runId, attempt: 1 }, 'align-1', 'stdout'),
      0,
      Buffer.from('aligned ü\n'),
    );
  });
  afterAll(() => api.close());

  const get = (
    rest: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'HEAD' = 'GET',
  ) => api.app.inject({ method, url: api.url(runId, rest), headers: { ...api.alice, ...headers } });

  it('are plain text that is neither kept nor taken for anything else', async () => {
    const response = await get('tasks/align-1/logs/stdout');
    expect(response.statusCode).toBe(200);
    expect(response.body).toBe('aligned ü\n');
    expect(response.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '11',
      'cache-control': 'no-store',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
    });
  });

  it('are empty before anything was written', async () => {
    for (const log of ['logs/stdout', 'tasks/align-1/logs/stderr']) {
      const response = await get(log);
      expect([response.statusCode, response.body]).toEqual([200, '']);
      expect(response.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '0',
      });
    }
  });

  it('show what was written since the last look', async () => {
    const growing = await api.startRun();
    const key = runLogKey({ runId: growing, attempt: 1 }, 'stdout');
    const read = async (range?: string) =>
      api.app.inject({
        url: api.url(growing, 'logs/stdout'),
        headers: { ...api.alice, ...(range !== undefined && { range }) },
      });
    await api.storage.append(key, 0, Buffer.from('one\n'));
    expect((await read()).body).toBe('one\n');
    expect((await read('bytes=4-')).statusCode).toBe(416);
    await api.storage.append(key, 4, Buffer.from('two\n'));
    const rest = await read('bytes=4-');
    expect([rest.statusCode, rest.body]).toEqual([206, 'two\n']);
  });

  it.each([
    ['bytes=0-3', 'bytes 0-3/10', '0123'],
    ['bytes=8-', 'bytes 8-9/10', '89'],
    ['bytes=8-100', 'bytes 8-9/10', '89'],
    ['bytes=-3', 'bytes 7-9/10', '789'],
    ['bytes=-100', 'bytes 0-9/10', '0123456789'],
  ])('give the part %s', async (range, contentRange, body) => {
    const response = await get('logs/stderr', { range });
    expect([response.statusCode, response.body]).toEqual([206, body]);
    expect(response.headers).toMatchObject({
      'content-range': contentRange,
      'content-length': String(body.length),
    });
  });

  it.each(['bytes=0-1,4-5', 'lines=0-3', 'bytes', 'bytes=', 'bytes=b-a', ''])(
    'are given whole for the range %j, which a server may ignore',
    async (range) => {
      const response = await get('logs/stderr', { range });
      expect([response.statusCode, response.body]).toEqual([200, '0123456789']);
      expect(response.headers).not.toHaveProperty('content-range');
    },
  );

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0'])('have no part %s', async (range) => {
    const response = await get('logs/stderr', { range });
    expect(response.statusCode).toBe(416);
    expect(response.headers['content-range']).toBe('bytes */10');
    expect(response.json()).toEqual({ msg: expect.stringContaining('Range'), status_code: 416 });
  });

  it('that were removed because of their age say so, and when', async () => {
    const old = await api.completeRun({});
    const at = Date.UTC(2026, 0, 2);
    await api.database.runs.markLogsRemoved(old, 'daemon:x', at);
    const response = await api.app.inject({ url: api.url(old, 'logs/stdout'), headers: api.alice });
    expect(response.statusCode).toBe(404);
    expect(response.json<{ msg: string }>().msg).toContain('removed on 2026-01-02');
  });

  it('tell their size to HEAD', async () => {
    const response = await get('logs/stderr', {}, 'HEAD');
    expect([response.statusCode, response.body]).toEqual([200, '']);
    expect(response.headers).toMatchObject({
      'content-length': '10',
      'content-type': 'text/plain; charset=utf-8',
    });
  });

  it.each([
    ['logs/stdin', 'stdin'],
    ['tasks/align-1/logs/all', 'all'],
    ['tasks/none/logs/stdout', 'none'],
    ['tasks/%2e%2e%2f%2e%2e/logs/stdout', '../..'],
    ['tasks/nul%00/logs/stdout', 'nul'],
  ])('are not found as %s', async (log, named) => {
    const response = await get(log);
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({ msg: expect.stringContaining(named), status_code: 404 });
  });

  it('of somebody else are not found, exactly like those of an unknown run', async () => {
    for (const rest of ['logs/stderr', 'logs/stdin', 'tasks/align-1/logs/stdout']) {
      const foreign = await api.app.inject({ url: api.url(runId, rest), headers: api.bob });
      const unknown = await api.app.inject({ url: api.url(UNKNOWN_RUN, rest), headers: api.bob });
      expect(foreign.statusCode).toBe(404);
      expect(foreign.body.replaceAll(runId, 'ID')).toBe(unknown.body.replaceAll(UNKNOWN_RUN, 'ID'));
    }
  });

  it('ask for credentials', async () => {
    const response = await api.app.inject({ url: api.url(runId, 'logs/stderr') });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toContain('Basic');
  });

  it('can not be written', async () => {
    const response = await api.app.inject({
      method: 'PUT',
      url: api.url(runId, 'logs/stderr'),
      headers: api.alice,
    });
    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toContain('GET, HEAD');
  });
});
