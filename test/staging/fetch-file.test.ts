import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAddressGuard } from '../../src/staging/address-guard.ts';
import { ByteBudget, FileAllowance } from '../../src/staging/byte-budget.ts';
import { fetchFile, type FetchedFile, type FetchOptions } from '../../src/staging/fetch-file.ts';
import { createHttpProtocol } from '../../src/staging/http.ts';
import { createWeb, type ClosableWeb } from '../../src/staging/web.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';
import { until } from '../support/until.ts';

const CONTENT = Buffer.from('acgt'.repeat(500_000));
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

let server: FileServer;
let web: ClosableWeb;
let directory: string;

beforeEach(async () => {
  server = await startFileServer();
  web = webFor(['127.0.0.1/32']);
  directory = mkdtempSync(join(tmpdir(), 'wes-fetch-'));
});
afterEach(async () => {
  web.close();
  await server.close();
  rmSync(directory, { recursive: true });
});

function webFor(allowed: readonly string[], idleMs = 5000): ClosableWeb {
  return createWeb({ guard: createAddressGuard(allowed), connectMs: 5000, idleMs });
}

interface Limits {
  readonly file?: number;
  readonly run?: number;
}

function fetchTo(
  url: string,
  { file = 0, run = 0 }: Limits = {},
  options: Partial<FetchOptions> = {},
): Promise<FetchedFile> {
  const budget = new ByteBudget(run, 'the run has no bytes left');
  return fetchFile(url, join(directory, 'file'), {
    open: createHttpProtocol(web).open,
    allowance: new FileAllowance(budget, file),
    signal: new AbortController().signal,
    pausesMs: [1, 1],
    ...options,
  });
}

const arrived = (): Buffer => readFileSync(join(directory, 'file'));

describe('a file', () => {
  test('comes whole, with its checksum and version', async () => {
    server.serve('/reads', { content: CONTENT, etag: '"one"' });
    const progress: number[] = [];
    const fetched = await fetchTo(
      `${server.url}/reads`,
      {},
      { onBytes: (at) => progress.push(at) },
    );
    expect(fetched).toEqual({ sizeBytes: CONTENT.length, sha256: SHA256, version: '"one"' });
    expect(arrived().equals(CONTENT)).toBe(true);
    expect(progress.at(-1)).toBe(CONTENT.length);
  });

  test('without a length or a version comes too', async () => {
    server.serve('/reads', { content: CONTENT, isStream: true, etag: 'W/"weak"' });
    expect(await fetchTo(`${server.url}/reads`)).toEqual({
      sizeBytes: CONTENT.length,
      sha256: SHA256,
    });
  });

  test('that is not there is asked for once', async () => {
    await expect(fetchTo(`${server.url}/reads`)).rejects.toThrow('answered 404 Not Found');
    expect(server.requests).toHaveLength(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('of a server that is unavailable for a moment is asked for again', async () => {
    server.serve('/reads', (_request, response) => {
      server.serve('/reads', { content: CONTENT });
      response.writeHead(503).end();
    });
    expect((await fetchTo(`${server.url}/reads`)).sha256).toBe(SHA256);
  });

  test('of a server that stays unavailable is given up', async () => {
    server.serve('/reads', (_request, response) => void response.writeHead(503).end());
    const failure = fetchTo(`${server.url}/reads`);
    await expect(failure).rejects.toThrow('answered 503 Service Unavailable');
    expect(server.requests).toHaveLength(3);
  });

  test('goes on where the connection broke, however often, as long as it gets further', async () => {
    const breaks = { after: 300_000, answers: [1, 2, 3, 4, 5] };
    server.serve('/reads', { content: CONTENT, etag: '"one"', breaks });
    expect((await fetchTo(`${server.url}/reads`)).sha256).toBe(SHA256);
    expect(server.requests.map(({ range }) => range !== undefined)).toEqual([
      false,
      ...Array(5).fill(true),
    ]);
    expect(server.requests[1]?.headers['if-range']).toBe('"one"');
    expect(arrived().equals(CONTENT)).toBe(true);
  });

  test('begins anew after a break when its source tells no version', async () => {
    server.serve('/reads', { content: CONTENT, breaks: { after: 300_000, answers: [1] } });
    expect((await fetchTo(`${server.url}/reads`)).sha256).toBe(SHA256);
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, undefined]);
    expect(arrived().equals(CONTENT)).toBe(true);
  });

  test('begins anew when it was replaced in between', async () => {
    const old = Buffer.from('tttt'.repeat(600_000));
    server.serve('/reads', {
      content: old,
      etag: '"old"',
      breaks: { after: 300_000, answers: [1] },
    });
    const fetched = fetchTo(
      `${server.url}/reads`,
      {},
      { onRetry: () => server.serve('/reads', { content: CONTENT, etag: '"new"' }) },
    );
    expect(await fetched).toMatchObject({ sha256: SHA256, version: '"new"' });
    expect(arrived().equals(CONTENT)).toBe(true);
  });

  test('of a server that sends a part of another version begins anew', async () => {
    server.serve('/reads', { content: CONTENT, etag: '"one"', breaks: { after: 9, answers: [1] } });
    const onRetry = (): void => {
      server.serve('/reads', (request, response) => {
        const isPart = request.range !== undefined;
        const range = { 'content-range': `bytes 9-${CONTENT.length - 1}/${CONTENT.length}` };
        response.writeHead(isPart ? 206 : 200, { etag: '"two"', ...(isPart && range) });
        response.end(isPart ? 'x'.repeat(CONTENT.length - 9) : CONTENT);
      });
    };
    expect((await fetchTo(`${server.url}/reads`, {}, { onRetry })).sha256).toBe(SHA256);
  });

  test.each([
    ['repr-digest', (hex: string) => `sha-256=:${base64(hex)}:`],
    ['digest', (hex: string) => `sha-256=${base64(hex)}`],
  ])('is held against its %s', async (header, write) => {
    server.serve('/right', { content: CONTENT, headers: { [header]: write(SHA256) } });
    server.serve('/wrong', { content: CONTENT, headers: { [header]: write('00'.repeat(32)) } });
    expect((await fetchTo(`${server.url}/right`)).sha256).toBe(SHA256);
    rmSync(join(directory, 'file'));
    await expect(fetchTo(`${server.url}/wrong`)).rejects.toThrow(
      'its sha256 checksum is not the one',
    );
    expect(server.asked('/wrong')).toBe(2);
    expect(existsSync(join(directory, 'file'))).toBe(false);
  });

  test('is held against its Content-MD5', async () => {
    const md5 = createHash('md5').update(CONTENT).digest('base64');
    server.serve('/right', { content: CONTENT, headers: { 'content-md5': md5 } });
    server.serve('/wrong', { content: `x${CONTENT.toString()}`, headers: { 'content-md5': md5 } });
    await fetchTo(`${server.url}/right`);
    rmSync(join(directory, 'file'));
    await expect(fetchTo(`${server.url}/wrong`)).rejects.toThrow('md5 checksum');
  });

  test('that the server compressed on its own is refused, one that is a compressed file is not', async () => {
    const headers = { 'content-encoding': 'gzip' };
    server.serve('/reads.txt', { content: CONTENT, headers });
    server.serve('/reads.gz', { content: CONTENT, headers });
    await expect(fetchTo(`${server.url}/reads.txt`)).rejects.toThrow('content-encoding gzip');
    expect((await fetchTo(`${server.url}/reads.gz`)).sha256).toBe(SHA256);
  });

  test('that is larger than allowed is refused before it comes, or in the middle', async () => {
    server.serve('/known', { content: CONTENT });
    server.serve('/stream', { content: CONTENT, isStream: true });
    const onBytes = (): never => expect.fail('nothing was to be taken');
    await expect(fetchTo(`${server.url}/known`, { file: 1000 }, { onBytes })).rejects.toThrow(
      'it is larger than the 1000 bytes that this service fetches at most (STAGING_MAX_FILE_SIZE)',
    );
    await expect(fetchTo(`${server.url}/stream`, { file: 1000 })).rejects.toThrow('larger than');
    await expect(fetchTo(`${server.url}/stream`, { run: 1000 })).rejects.toThrow('no bytes left');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('that takes a budget twice because it began anew is counted once', async () => {
    server.serve('/reads', { content: CONTENT, breaks: { after: 90_000, answers: [1, 2] } });
    await fetchTo(`${server.url}/reads`, { run: CONTENT.length });
  });

  test('of a server that stops to send is given up after a while, and asked for again', async () => {
    web.close();
    web = webFor(['127.0.0.1'], 100);
    server.serve('/reads', (_request, response) => {
      server.serve('/reads', { content: CONTENT });
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write('acgt');
    });
    const failures: string[] = [];
    await fetchTo(`${server.url}/reads`, {}, { onRetry: ({ message }) => failures.push(message) });
    expect(failures).toEqual(['nothing came for 0.1 seconds']);
  });

  test('is given up at once when it is not wanted any more', async () => {
    const abort = new AbortController();
    server.serve('/reads', (_request, response) => void response.write('acgt'));
    const fetched = fetchTo(`${server.url}/reads`, {}, { signal: abort.signal });
    await until(() => server.requests.length > 0);
    abort.abort(new Error('enough'));
    await expect(fetched).rejects.toThrow('enough');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('never takes the place of another', async () => {
    server.serve('/reads', { content: CONTENT });
    await fetchTo(`${server.url}/reads`);
    await expect(fetchTo(`${server.url}/reads`)).rejects.toThrow('EEXIST');
  });
});

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
