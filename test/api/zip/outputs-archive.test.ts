import { get as httpGet } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputKey } from '../../../src/runs/storage-keys.ts';
import { until } from '../../support/until.ts';
import { unzip } from '../../support/unzip.ts';
import { openBytesApi, type BytesApi } from '../bytes-api.ts';

const TEXT = { mediaType: 'text/plain' };
const LARGE = 'x'.repeat(20_000_000);
const FILES = {
  'dir/ä ö "1"\'.bam': { content: 'odd', ...TEXT },
  'chr1:5.txt': { content: 'no drive', ...TEXT },
  'dir/b': { content: 'b', ...TEXT },
  empty: { content: '', ...TEXT },
  large: { content: LARGE, ...TEXT },
  'ä%2Fb\\c': { content: 'no folder', ...TEXT },
};

describe('all outputs of a run in one archive', () => {
  let api: BytesApi;
  let runId: string;
  let reads: Readable[];
  let mostOpen: number;
  beforeAll(async () => {
    reads = [];
    mostOpen = 0;
    api = await openBytesApi((storage) => ({
      ...storage,
      async get(key, range) {
        const stream = await storage.get(key, range);
        reads.push(stream);
        mostOpen = Math.max(mostOpen, reads.filter(({ destroyed }) => !destroyed).length);
        return stream;
      },
    }));
    runId = await api.completeRun(FILES);
    await api.app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => api.close());

  const ask = (query = 'download=zip', headers = {}, method: 'GET' | 'HEAD' = 'GET') =>
    api.app.inject({
      method,
      url: api.url(runId, `outputs?${query}`),
      headers: { ...api.alice, ...headers },
    });

  it('has each under the name that it has in the list', async () => {
    const response = await ask();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename=${runId}-outputs.zip`,
      'x-content-type-options': 'nosniff',
    });
    const contents = Object.entries(FILES).map(([path, { content }]) => [
      path.replace('\\', '＼'), // a slash in the eyes of some programs
      content,
    ]);
    expect(Object.fromEntries(await unzip(response.rawPayload))).toEqual(
      Object.fromEntries(contents),
    );
  });

  it('has one of them open at a time', () => {
    expect(mostOpen).toBe(1);
  });

  it('comes to whoever accepts nothing else, and lists come to others', async () => {
    const archive = await ask('', { accept: 'application/zip' });
    expect(archive.headers).toMatchObject({
      'content-type': 'application/zip',
      vary: expect.stringContaining('Accept'),
    });
    const list = await ask('', { accept: 'application/json, application/zip;q=0.5' });
    expect(list.headers['content-type']).toMatch(/^application\/json/);
  });

  it('has those below a prefix when that is asked for', async () => {
    const { rawPayload } = await ask('download=zip&prefix=dir/');
    expect([...(await unzip(rawPayload)).keys()]).toEqual(['dir/b', 'dir/ä ö "1"\'.bam']);
    const nothing = await ask('download=zip&prefix=none/');
    expect(nothing.statusCode).toBe(404);
  });

  it('is told of by HEAD without opening a file', async () => {
    const before = reads.length;
    const head = await ask('download=zip', {}, 'HEAD');
    expect(head.statusCode).toBe(200);
    expect(head.headers['content-type']).toBe('application/zip');
    expect([head.body, reads.length]).toEqual(['', before]);
  });

  it('is not for others', async () => {
    expect((await ask('download=zip', api.bob)).statusCode).toBe(404);
    expect((await ask('download=zip', { authorization: '' })).statusCode).toBe(401);
    expect((await ask('download=rar')).statusCode).toBe(400);
  });

  it('waits for the end of the run', async () => {
    const running = await api.startRun();
    const url = api.url(running, 'outputs?download=zip');
    expect((await api.app.inject({ url, headers: api.alice })).statusCode).toBe(409);
  });

  it('of a run without outputs is empty', async () => {
    const none = await api.completeRun({});
    const url = api.url(none, 'outputs?download=zip');
    const { statusCode, rawPayload } = await api.app.inject({ url, headers: api.alice });
    expect([statusCode, (await unzip(rawPayload)).size]).toEqual([200, 0]);
  });

  it('breaks off where a file is not there any more', async () => {
    const broken = await api.completeRun({ a: { content: LARGE, ...TEXT }, b: FILES.empty });
    await api.storage.delete(outputKey({ runId: broken, attempt: 1 }, 'b'));
    await expect(fetchAll(broken)).rejects.toThrow();
  });

  it('breaks off where a file has not the bytes that were recorded', async () => {
    const changed = await api.completeRun({ a: { content: 'abc', ...TEXT }, b: FILES.empty });
    for (const content of ['ab', 'abcd']) {
      const key = outputKey({ runId: changed, attempt: 1 }, 'a');
      await api.storage.put(key, Readable.from([content]));
      await expect(fetchAll(changed)).rejects.toThrow();
    }
  });

  it('closes what it reads when its client leaves', async () => {
    const before = reads.length;
    const { host, path } = addressOf(runId);
    await new Promise<void>((resolve) => {
      const request = httpGet(`http://${host}${path}`, { headers: api.alice }, (response) => {
        response.once('data', () => {
          response.destroy();
          resolve();
        });
      });
      request.once('error', () => undefined);
    });
    await until(() => reads.slice(before).every(({ destroyed }) => destroyed));
    expect(reads.length).toBeGreaterThan(before);
  });

  function addressOf(id: string) {
    const { port } = api.app.server.address() as AddressInfo; // listens on TCP
    return { host: `127.0.0.1:${port}`, path: api.url(id, 'outputs?download=zip') };
  }

  async function fetchAll(id: string): Promise<ArrayBuffer> {
    const { host, path } = addressOf(id);
    const response = await fetch(`http://${host}${path}`, { headers: api.alice });
    expect(response.status).toBe(200);
    return await response.arrayBuffer();
  }
});
