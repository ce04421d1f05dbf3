import { afterEach, describe, expect, it } from 'vitest';
import { createTestApi, PREFIX, type TestApi, type TestApiOptions } from '../support/api.ts';

let api: TestApi;
afterEach(() => api.close());

async function create(options: TestApiOptions = {}): Promise<void> {
  api = await createTestApi(options);
}

describe('/healthz and /readyz', () => {
  it('answer while everything can be reached', async () => {
    await create();
    expect(await api.request({ method: 'GET', url: '/healthz' })).toMatchObject({ status: 200 });
    const ready = await api.request({ method: 'GET', url: '/readyz' });
    expect(ready).toMatchObject({
      status: 200,
      body: { checks: { database: 'ok', storage: 'ok' } },
    });
  });

  it('say which part can not be reached, and leave the reason in the log', async () => {
    await create({
      checks: [
        { name: 'database', check: async () => undefined },
        { name: 'storage', check: () => Promise.reject(new Error('secret path')) },
      ],
    });
    const ready = await api.request({ method: 'GET', url: '/readyz' });
    expect(ready).toMatchObject({
      status: 503,
      body: { checks: { database: 'ok', storage: 'failed' }, msg: 'not reachable: storage' },
    });
    expect(ready.text).not.toContain('secret');
    expect(api.logs).toContainEqual(
      expect.objectContaining({ msg: 'readiness check failed', check: 'storage' }),
    );
    expect((await api.request({ method: 'GET', url: '/healthz' })).status).toBe(200);
  });

  it('notice a database that was closed', async () => {
    await create();
    await api.database.close();
    expect((await api.request({ method: 'GET', url: '/readyz' })).status).toBe(503);
  });
});

describe('the log', () => {
  it('has one line for each request, without its query', async () => {
    await create();
    const first = api.logs.length;
    const { headers } = await api.get('/runs?tags=secret:value');
    expect(api.logs.slice(first)).toEqual([
      expect.objectContaining({
        level: 30,
        msg: 'request answered',
        method: 'GET',
        path: `${PREFIX}/runs`,
        status: 200,
        duration_ms: expect.any(Number),
        request_id: headers['x-request-id'],
        remote_address: '127.0.0.1',
        user: 'anonymous',
      }),
    ]);
    expect(JSON.stringify(api.logs)).not.toContain('secret');
  });

  it('tells of probes only when asked for details', async () => {
    await create();
    await api.request({ method: 'GET', url: '/healthz' });
    expect(api.logs.at(-1)).toMatchObject({ level: 20, path: '/healthz' });
  });

  it('has the details of a failure of ours, and the client has not', async () => {
    await create({
      adapt: (deps) => ({
        ...deps,
        store: { ...deps.store, listRuns: () => Promise.reject(new Error('secret table')) },
      }),
    });
    const response = await api.get('/runs');
    expect(response).toMatchObject({ status: 500, body: { status_code: 500 } });
    expect(response.text).not.toContain('secret');
    expect(api.logs).toContainEqual(
      expect.objectContaining({
        level: 50,
        msg: 'request failed',
        err: expect.objectContaining({ message: 'secret table' }),
        request_id: response.headers['x-request-id'],
      }),
    );
  });
});

describe('a database that can not be reached', () => {
  it.each<[string, unknown]>([
    ['a refused connection', { code: 'ECONNREFUSED' }],
    ['a server that shuts down', { code: '57P01' }],
    ['a lost connection, deep inside', { cause: { cause: { code: 'PROTOCOL_CONNECTION_LOST' } } }],
  ])('is told as 503: %s', async (_what, details) => {
    await create({
      adapt: (deps) => ({
        ...deps,
        store: { ...deps.store, countByState: () => Promise.reject(errorLike(details)) },
      }),
    });
    const response = await api.get('/service-info');
    expect(response).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(response.body.status_code).toBe(503);
  });
});

describe('a browser', () => {
  const origin = 'https://page.example';
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  };

  it.each([[[origin]], [['*']]])('may use the API from a page of %j', async (corsOrigins) => {
    await create({ settings: { corsOrigins } });
    const url = `${PREFIX}/runs`;
    const allowed = corsOrigins[0];
    const asked = await api.request({ method: 'OPTIONS', url, headers: preflight });
    expect(asked.status).toBe(204);
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': allowed,
      'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
    });
    expect(asked.headers['access-control-allow-headers']).toMatch(/authorization.*content-type/i);
    const read = await api.get('/runs', { origin });
    expect(read.headers['access-control-allow-origin']).toBe(allowed);
    const sent = await api.request({ method: 'POST', url, headers: { origin } });
    expect(sent.status).toBe(400);
  });

  it.each(['https://other.example', 'null', 'nonsense'])(
    'can not start a run from a page of %s',
    async (foreign) => {
      await create({ settings: { corsOrigins: [origin] } });
      const response = await api.request({
        method: 'POST',
        url: `${PREFIX}/runs`,
        headers: { origin: foreign },
      });
      expect(response).toMatchObject({ status: 403, body: { status_code: 403 } });
      const read = await api.get('/runs', { origin: foreign });
      expect(read.headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('reaches a service without credentials by local names only', async () => {
    await create({ settings: { localNamesOnly: true, publicUrl: 'https://wes.example' } });
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080', 'wes.example']) {
      expect((await api.get('/service-info', { host })).status).toBe(200);
    }
    for (const host of ['rebound.example:8080', 'localhost.rebound.example', '127.0.0.1.example']) {
      const refused = await api.get('/service-info', { host });
      expect(refused).toMatchObject({
        status: 403,
        body: { msg: expect.stringMatching(/^Host: /) },
      });
    }
  });

  it('may post from the pages of the service itself', async () => {
    await create({ settings: { publicUrl: 'https://wes.example/lab' } });
    const url = `${PREFIX}/runs`;
    for (const headers of [
      { host: 'wes:8080', origin: 'http://wes:8080' },
      { host: 'inner', origin: 'https://wes.example' },
    ]) {
      expect((await api.request({ method: 'POST', url, headers })).status).toBe(400);
    }
  });

  it('gets data that it must not take for a page', async () => {
    await create();
    expect((await api.get('/runs')).headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
  });
});

describe('the document', () => {
  it('can be browsed at /docs, without anything from elsewhere', async () => {
    await create();
    const page = await api.request({ method: 'GET', url: '/docs' });
    expect(page).toMatchObject({ status: 200 });
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    const addresses = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, url]) => url ?? '',
    );
    expect(addresses.length).toBeGreaterThan(4);
    for (const url of addresses) {
      expect(url).toMatch(/^\/docs\//);
      expect((await api.request({ method: 'GET', url })).status).toBe(200);
    }
    const same = await api.request({ method: 'GET', url: '/docs/json' });
    expect(same.body).toEqual((await api.request({ method: 'GET', url: '/openapi.json' })).body);
  });

  it('says where the API is and how to log in', async () => {
    await create({
      settings: { publicUrl: 'https://wes.example/' },
      authenticator: {
        challenge: 'Basic realm="WES"',
        authenticate: async () => ({ name: 'x', isAdmin: false }),
      },
    });
    const { body } = await api.request({ method: 'GET', url: '/openapi.json' });
    expect(body).toMatchObject({
      openapi: '3.0.3',
      servers: [{ url: `https://wes.example${PREFIX}` }],
      security: [{ basic: [] }],
      components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
    });
    expect(body.paths['/service-info'].get.security).toEqual([]);
    expect(Object.keys(body.paths['/runs'].post.requestBody.content)).toEqual([
      'multipart/form-data',
      'application/json',
      'application/x-www-form-urlencoded',
    ]);
  });
});

function errorLike(details: unknown): Error {
  if (typeof details !== 'object' || details === null) return new Error('no details');
  const cause: unknown = Reflect.get(details, 'cause');
  return Object.assign(
    new Error('failed'),
    details,
    cause === undefined ? {} : { cause: errorLike(cause) },
  );
}
