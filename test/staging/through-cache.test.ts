import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAddressGuard } from '../../src/staging/address-guard.ts';
import { ByteBudget } from '../../src/staging/byte-budget.ts';
import { throughCache, type CacheDeps } from '../../src/staging/cache/through-cache.ts';
import { createHttpProtocol } from '../../src/staging/http.ts';
import type { FetchedOne, FetchOneOptions } from '../../src/staging/staging.ts';
import { createWeb, type ClosableWeb } from '../../src/staging/web.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';
import { until } from '../support/until.ts';

const CONTENT = Buffer.from('acgt'.repeat(500_000));
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const FETCHER = fileURLToPath(new URL('../support/cached-fetch-process.ts', import.meta.url));

let server: FileServer;
let web: ClosableWeb;
let directory: string;
let root: string;
let problems: unknown[];
let files = 0;

beforeEach(async () => {
  server = await startFileServer();
  const guard = createAddressGuard(['127.0.0.1']);
  web = createWeb({ guard, connectMs: 5000, idleMs: 5000 });
  directory = mkdtempSync(join(tmpdir(), 'wes-inputs-'));
  root = join(directory, 'cache');
  problems = [];
});
afterEach(async () => {
  web.close();
  await server.close();
  rmSync(directory, { recursive: true });
});

function cacheOf(changes: Partial<CacheDeps> = {}) {
  const fetchOne = throughCache({
    open: createHttpProtocol(web).open,
    mostFileBytes: 0,
    pausesMs: [1, 1],
    root,
    mostBytes: 10_000_000,
    onProblem: (error) => problems.push(error),
    ...changes,
  });
  return async (
    address: string,
    options: Partial<FetchOneOptions> = {},
  ): Promise<FetchedOne & { readonly path: string }> => {
    const path = join(directory, `file-${(files += 1)}`);
    const fetched = await fetchOne(address, path, {
      signal: new AbortController().signal,
      budget: new ByteBudget(0, ''),
      onBytes: () => undefined,
      onRetry: () => undefined,
      ...options,
    });
    return { ...fetched, path };
  };
}

const objects = (): readonly string[] =>
  readdirSync(join(root, 'objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
const only = (paths: readonly string[]): string => {
  expect(paths).toHaveLength(1);
  return paths[0] ?? '';
};

test('the second run gets a copy of its own, and the source is asked but not read', async () => {
  const fetch = cacheOf();
  server.serve('/reads', { content: CONTENT, etag: '"1"' });
  const first = await fetch(`${server.url}/reads`);
  const second = await fetch(`http://alice:secret@${new URL(server.url).host}/reads`);
  expect([first.isFromCache, second.isFromCache]).toEqual([false, true]);
  writeFileSync(first.path, 'changed by its run');
  expect(readFileSync(second.path).equals(CONTENT)).toBe(true);
  expect(statSync(second.path).mode & 0o777).toBe(0o600);
  expect(statSync(second.path).nlink).toBe(1);
  expect(server.asked('/reads')).toBe(2);
  expect(readFileSync(only(objects())).equals(CONTENT)).toBe(true);
  expect(readdirSync(join(root, 'incoming'))).toEqual([]);
});

test('nobody gets from the cache what the source does not give him', async () => {
  const fetch = cacheOf();
  server.serve('/reads', (request, response) => {
    if (request.headers.authorization === undefined) response.writeHead(401).end();
    else response.writeHead(200, { etag: '"1"' }).end(CONTENT);
  });
  await fetch(`http://alice:secret@${new URL(server.url).host}/reads`);
  await expect(fetch(`${server.url}/reads`)).rejects.toThrow('answered 401 Unauthorized');
});

test('another version is fetched, and what has no version is not kept', async () => {
  const fetch = cacheOf();
  server.serve('/reads', { content: CONTENT, etag: '"1"' });
  await fetch(`${server.url}/reads`);
  server.serve('/reads', { content: 'new', etag: '"2"' });
  expect(readFileSync((await fetch(`${server.url}/reads`)).path, 'utf8')).toBe('new');
  server.serve('/reads', { content: 'newer' });
  expect(readFileSync((await fetch(`${server.url}/reads`)).path, 'utf8')).toBe('newer');
  expect(objects()).toHaveLength(2);
});

test('the same content under two addresses is kept once', async () => {
  const fetch = cacheOf();
  server.serve('/a', { content: CONTENT, etag: '"a"' });
  server.serve('/b', { content: CONTENT, etag: '"b"' });
  await fetch(`${server.url}/a`);
  await fetch(`${server.url}/b`);
  expect(only(objects())).toContain(SHA256);
});

test.each([
  ['changed', (path: string) => writeFileSync(path, Buffer.alloc(CONTENT.length))],
  ['cut off', (path: string) => writeFileSync(path, CONTENT.subarray(0, 100))],
  ['removed', (path: string) => rmSync(path)],
])('a file that was %s in the cache is fetched anew', async (_name, damage) => {
  const fetch = cacheOf();
  server.serve('/reads', { content: CONTENT, etag: '"1"' });
  await fetch(`${server.url}/reads`);
  damage(only(objects()));
  const again = await fetch(`${server.url}/reads`);
  expect(again.isFromCache).toBe(false);
  expect(readFileSync(again.path).equals(CONTENT)).toBe(true);
  expect((await fetch(`${server.url}/reads`)).isFromCache).toBe(true);
  expect(readFileSync(only(objects())).equals(CONTENT)).toBe(true);
});

test('what was not used for the longest time is removed first', async () => {
  const fetch = cacheOf({ mostBytes: 2 * CONTENT.length });
  const content = (name: string): string => name.repeat(CONTENT.length);
  for (const name of ['a', 'b']) {
    server.serve(`/${name}`, { content: content(name), etag: `"${name}"` });
    await fetch(`${server.url}/${name}`);
  }
  for (const path of objects()) utimesSync(path, 1, 1);
  expect((await fetch(`${server.url}/a`)).isFromCache).toBe(true);
  server.serve('/c', { content: content('c'), etag: '"c"' });
  await fetch(`${server.url}/c`);
  expect(objects()).toHaveLength(2);
  expect(readdirSync(join(root, 'index'))).toHaveLength(2);
  expect((await fetch(`${server.url}/a`)).isFromCache).toBe(true);
  expect((await fetch(`${server.url}/b`)).isFromCache).toBe(false);
});

test('a file that is larger than the cache is not kept', async () => {
  const fetch = cacheOf({ mostBytes: 1000 });
  server.serve('/reads', { content: CONTENT, etag: '"1"' });
  expect(readFileSync((await fetch(`${server.url}/reads`)).path).equals(CONTENT)).toBe(true);
  expect(objects()).toEqual([]);
});

test('two that want the same at once fetch it once', async () => {
  const fetch = cacheOf();
  let isGoingOn = false;
  server.serve('/reads', (_request, response) => {
    response.writeHead(200, { etag: '"1"', 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, 1000));
    const timer = setInterval(() => {
      if (isGoingOn) {
        clearInterval(timer);
        response.end(CONTENT.subarray(1000));
      }
    }, 5);
  });
  const both = [fetch(`${server.url}/reads`), fetch(`${server.url}/reads`)];
  await until(() => server.asked('/reads') === 2);
  isGoingOn = true;
  const fetched = await Promise.all(both);
  expect(fetched.map(({ isFromCache }) => isFromCache).sort()).toEqual([false, true]);
  for (const { path } of fetched) expect(readFileSync(path).equals(CONTENT)).toBe(true);
});

test('who waits for another that fails fetches it itself, and a wait can be given up', async () => {
  const fetch = cacheOf({ pausesMs: [] });
  const breaks: (() => void)[] = [];
  server.serve('/reads', (_request, response) => {
    response.writeHead(200, { etag: '"1"', 'content-length': CONTENT.length });
    response.write('acgt');
    breaks.push(() => response.destroy());
  });
  const first = fetch(`${server.url}/reads`);
  first.catch(() => undefined);
  await until(() => breaks.length === 1);
  const abort = new AbortController();
  const second = fetch(`${server.url}/reads`);
  const third = fetch(`${server.url}/reads`, { signal: abort.signal });
  third.catch(() => undefined);
  await until(() => breaks.length === 3);
  abort.abort(new Error('enough'));
  await expect(third).rejects.toThrow('enough');
  server.serve('/reads', { content: CONTENT, etag: '"1"' });
  breaks[0]?.();
  await expect(first).rejects.toThrow('the connection broke');
  expect((await second).isFromCache).toBe(false);
});

test('a transfer that broke is gone on with by the next run', async () => {
  const fetch = cacheOf({ pausesMs: [] });
  const breaks = { after: 500_000, answers: [1] };
  const md5 = createHash('md5').update(CONTENT).digest('base64');
  const headers = { digest: `md5=${md5}` };
  server.serve('/reads', { content: CONTENT, etag: '"1"', breaks, headers });
  await expect(fetch(`${server.url}/reads`)).rejects.toThrow('the connection broke');
  const { path } = await fetch(`${server.url}/reads`);
  expect(readFileSync(path).equals(CONTENT)).toBe(true);
  expect(server.requests[1]?.range).toMatch(/^bytes=\d{5,}-$/);
  expect(readdirSync(join(root, 'partial'))).toEqual([]);
  expect(readdirSync(join(root, 'incoming'))).toEqual([]);
});

test('a cache that others can write is not used', async () => {
  mkdirSync(root);
  chmodSync(root, 0o777);
  const fetch = cacheOf();
  server.serve('/reads', { content: CONTENT, etag: '"1"' });
  expect(readFileSync((await fetch(`${server.url}/reads`)).path).equals(CONTENT)).toBe(true);
  expect(String(problems[0])).toContain('can be written by other users');
  expect(readdirSync(root)).toEqual([]);
});

test.runIf(process.getuid?.() === 0)('a cache of another user is not used', async () => {
  mkdirSync(root, { mode: 0o700 });
  chownSync(root, 12_345, 12_345);
  const fetch = cacheOf();
  server.serve('/reads', { content: CONTENT, etag: '"1"' });
  await fetch(`${server.url}/reads`);
  expect(String(problems[0])).toContain('belongs to another user');
  expect(readdirSync(root)).toEqual([]);
});

test('processes that fetch and remove at once all get what they asked for', async () => {
  const names = Array.from({ length: 6 }, (_value, index) => `file${index}`);
  for (const name of names) {
    server.serve(`/${name}`, { content: name.repeat(20_000), etag: `"${name}"` });
  }
  const order = JSON.stringify({ root, url: server.url, names, directory, mostBytes: 250_000 });
  const children = ['one', 'two', 'three'].map((label) =>
    spawn(process.execPath, [FETCHER, label, order], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  const codes = await Promise.all(children.map(async (child) => once(child, 'close')));
  expect(codes.map(([code]) => code as unknown)).toEqual([0, 0, 0]);
  expect(objects().length).toBeLessThanOrEqual(2);
  expect(readdirSync(join(root, 'incoming'))).toEqual([]);
});
