import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAddressGuard } from '../../src/staging/address-guard.ts';
import { FetchError, type WebOptions } from '../../src/staging/protocol.ts';
import { createWeb, type ClosableWeb } from '../../src/staging/web.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';

let server: FileServer;
let other: FileServer;
let web: ClosableWeb;

beforeEach(async () => {
  server = await startFileServer();
  other = await startFileServer('127.0.0.2');
  web = webFor(['127.0.0.1/32']);
});
afterEach(async () => {
  web.close();
  await Promise.all([server.close(), other.close()]);
});

function webFor(allowed: readonly string[], origins: readonly string[] = []): ClosableWeb {
  const guard = createAddressGuard(allowed, { origins });
  return createWeb({ guard, connectMs: 2000, idleMs: 2000 });
}

async function get(url: string, options: Partial<WebOptions> = {}): Promise<string> {
  const answer = await web.get(url, { signal: new AbortController().signal, ...options });
  return text(answer.body);
}

function redirectTo(from: FileServer, path: string, location: string): void {
  from.serve(path, (_request, response) => void response.writeHead(302, { location }).end());
}

describe('redirects', () => {
  test('are followed', async () => {
    redirectTo(server, '/old', '/new');
    server.serve('/new', { content: 'new' });
    expect(await get(`${server.url}/old`)).toBe('new');
  });

  test('in a circle end', async () => {
    redirectTo(server, '/a', '/b');
    redirectTo(server, '/b', '/a');
    await expect(get(`${server.url}/a`)).rejects.toThrow('more than 10 times');
  });

  test('to a private address are refused, and nobody is asked there', async () => {
    redirectTo(server, '/a', `${other.url}/secret`);
    other.serve('/secret', { content: 'secret' });
    await expect(get(`${server.url}/a`)).rejects.toThrow(
      '127.0.0.2 is a private or special address',
    );
    expect(other.requests).toEqual([]);
  });

  test.each(['file:///etc/passwd', 'ftp://127.0.0.1/x', 'gopher://x'])(
    'to %s are refused',
    async (to) => {
      redirectTo(server, '/a', to);
      await expect(get(`${server.url}/a`)).rejects.toThrow('no http(s) address');
    },
  );

  test('to another host take no credentials along, those within it do', async () => {
    web.close();
    web = webFor(['127.0.0.0/8']);
    redirectTo(server, '/a', '/b');
    redirectTo(server, '/b', `${other.url}/c`);
    other.serve('/c', { content: 'c' });
    const headers = { Authorization: 'Bearer token', 'X-Token': 'secret', Range: 'bytes=0-' };
    expect(await get(`${server.url}/a`, { headers })).toBe('c');
    expect(server.requests.map((one) => one.headers.authorization)).toEqual(
      Array(2).fill('Bearer token'),
    );
    expect(other.requests[0]?.headers).toMatchObject({ range: 'bytes=0-' });
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(other.requests[0]?.headers).not.toHaveProperty('x-token');
  });
});

describe('addresses', () => {
  test.each([
    'http://127.0.0.2/',
    'http://2130706434/',
    'http://0x7f000002/',
    'http://0.0.0.0/',
    'http://10.1.2.3/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.2]/',
    'http://[::ffff:7f00:2]/',
    'http://[64:ff9b::7f00:2]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[ff02::1]/',
    'http://[2002:7f00:2::]/',
  ])('%s is refused', async (url) => {
    await expect(get(url)).rejects.toThrow('private or special address');
  });

  test('names are refused for what they mean', async () => {
    web.close();
    web = webFor([]);
    await expect(get('http://localhost/')).rejects.toThrow('private or special address');
  });

  test('names and origins can be allowed', async () => {
    server.serve('/x', { content: 'x' });
    web.close();
    web = webFor(['localhost']);
    const { port } = new URL(server.url);
    expect(await get(`http://localhost:${port}/x`)).toBe('x');
    await expect(get(`${server.url}/x`)).rejects.toThrow('private');
    web.close();
    web = webFor([], [server.url]);
    expect(await get(`${server.url}/x`)).toBe('x');
    await expect(get(`http://127.0.0.1:1/x`)).rejects.toThrow('private');
  });

  test.each(['127.0.0.1/33', '::1/129', '10.0.0.0/x', 'http://x', 'a b'])(
    '%s can not be allowed',
    (entry) => {
      expect(() => createAddressGuard([entry])).toThrow(entry);
    },
  );
});

test('user and password of an address are sent to its host', async () => {
  server.serve('/x', { content: 'x' });
  await get(`http://al%40ice:secret@${new URL(server.url).host}/x`);
  const sent = `Basic ${Buffer.from('al@ice:secret').toString('base64')}`;
  expect(server.requests[0]?.headers.authorization).toBe(sent);
});

test('failures say whether it is of use to ask again', async () => {
  const failure = async (url: string): Promise<FetchError> =>
    get(url).then(
      () => expect.fail('it was fetched'),
      (error: unknown) => error as FetchError, // looked at below
    );
  server.serve(
    '/busy',
    (_request, response) => void response.writeHead(429, { 'retry-after': '7' }).end(),
  );
  expect(await failure(`${server.url}/busy`)).toMatchObject({
    ...{ message: 'answered 429 Too Many Requests', isPassing: true },
    ...{ status: 429, retryAfterSeconds: 7 },
  });
  expect(await failure(`${server.url}/none`)).toMatchObject({ isPassing: false, status: 404 });
  expect(await failure('http://127.0.0.1:1/')).toMatchObject({
    ...{ message: 'the connection was refused', isPassing: true },
  });
  expect(await failure('http://no-such-host.invalid/')).toBeInstanceOf(FetchError);
});
