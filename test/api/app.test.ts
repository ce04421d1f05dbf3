import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { v4, v7 } from 'uuid';
import { createTestApi, PREFIX, type TestApi, type TestRequest } from '../support/api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi();
});
afterEach(() => api.close());

describe('service-info', () => {
  it('tells what is installed, what is stored and who provides it', async () => {
    await api.addRun();
    const runId = await api.addRun();
    await api.store.requestCancel(runId, 'user:x', 1);
    const { body } = await api.get('/service-info');
    expect(body).toEqual({
      id: 'org.example.wes',
      name: 'Test service',
      type: { group: 'org.ga4gh', artifact: 'wes', version: '1.1.0' },
      organization: { name: 'Example', url: 'https://example.org' },
      version: '0.0.1',
      workflow_type_versions: {
        CWL: { workflow_type_version: ['v1.0', 'v1.1', 'v1.2'] },
        FAKE: { workflow_type_version: ['1.0'] },
      },
      supported_wes_versions: ['1.1.0'],
      supported_filesystem_protocols: ['http', 'https'],
      workflow_engine_versions: {
        cwltool: { workflow_engine_version: ['3.1', '3.0'] },
        fake: { workflow_engine_version: ['1.0'] },
      },
      default_workflow_engine_parameters: [
        { name: 'priority', type: 'integer', default_value: '0' },
        { name: 'timeout', type: 'integer', default_value: '0' },
        { name: 'cache', type: 'boolean', default_value: 'false' },
        { name: 'stage', type: 'string', default_value: '' },
        { name: 'parallel', type: 'boolean', default_value: 'true' },
        { name: 'label', type: 'string', default_value: '' },
      ],
      system_state_counts: {
        QUEUED: 1,
        INITIALIZING: 0,
        RUNNING: 0,
        PAUSED: 0,
        COMPLETE: 0,
        EXECUTOR_ERROR: 0,
        SYSTEM_ERROR: 0,
        CANCELED: 1,
        CANCELING: 0,
        PREEMPTED: 0,
      },
      auth_instructions_url: 'https://example.org/login',
      tags: {},
    });
  });

  it('has what a deployment says about itself', async () => {
    await api.close();
    const base = (await createTestApi()).deps.settings.service;
    api = await createTestApi({
      settings: {
        allowedFileRoots: ['/data'],
        service: {
          ...base,
          description: 'About',
          contactUrl: 'mailto:wes@example.org',
          documentationUrl: 'https://example.org/docs',
          environment: 'test',
          createdAt: Date.parse('2026-01-02T03:04:05.678Z'),
          tags: { region: 'eu' },
        },
      },
    });
    expect((await api.get('/service-info')).body).toMatchObject({
      description: 'About',
      contactUrl: 'mailto:wes@example.org',
      documentationUrl: 'https://example.org/docs',
      environment: 'test',
      createdAt: '2026-01-02T03:04:05Z',
      tags: { region: 'eu' },
      supported_filesystem_protocols: ['http', 'https', 'file'],
    });
  });

  it.each(['/', PREFIX, `${PREFIX}/`, `${PREFIX}/service-info/`])(
    'is found at %s too',
    async (url) => {
      const expected = await api.get('/service-info');
      expect((await api.request({ method: 'GET', url })).body).toEqual(expected.body);
    },
  );
});

describe('a run', () => {
  it('tells its status', async () => {
    const runId = await api.addRun();
    const expected = { run_id: runId, state: 'QUEUED' };
    expect((await api.get(`/runs/${runId}/status`)).body).toEqual(expected);
    expect((await api.get(`/runs/${runId}/status/`)).body).toEqual(expected);
  });

  it('that waits is CANCELED at once; cancelling it again changes nothing', async () => {
    const runId = await api.addRun();
    const url = `${PREFIX}/runs/${runId}/cancel`;
    for (let time = 0; time < 2; time += 1) {
      const response = await api.request({ method: 'POST', url });
      expect(response).toMatchObject({ status: 200, body: { run_id: runId } });
    }
    expect((await api.get(`/runs/${runId}/status`)).body.state).toBe('CANCELED');
    expect(api.changes).toEqual([runId, runId]);
  });

  it.each<[string, Partial<TestRequest>]>([
    ['JSON without a body', { headers: { 'content-type': 'application/json' } }],
    ['JSON', { payload: {} }],
    ['broken JSON', { headers: { 'content-type': 'application/json' }, payload: '{' }],
    ['a form', { headers: { 'content-type': 'multipart/form-data' }, payload: 'x' }],
    ['anything', { headers: { 'content-type': 'x/y' }, payload: 'x'.repeat(100_000) }],
    ['nonsense', { headers: { 'content-type': ';;' }, payload: '' }],
  ])('can be cancelled by a request that says that it is %s', async (_what, request) => {
    const runId = await api.addRun();
    const response = await api.request({
      method: 'POST',
      url: `${PREFIX}/runs/${runId}/cancel`,
      ...request,
    });
    expect(response).toMatchObject({ status: 200, body: { run_id: runId } });
  });

  const unknown = [v7(), v4(), 'abc', '0', 'x'.repeat(200), '%00', '..%2f..', v7().toUpperCase()];

  it.each(unknown)('%s that is not there is not found, whatever is asked of it', async (id) => {
    for (const path of ['', '/status', '/tasks', '/tasks/1', '/outputs', '/logs/stdout']) {
      const response = await api.get(`/runs/${id}${path}`);
      expect(response).toMatchObject({ status: 404, body: { status_code: 404 } });
    }
    const url = `${PREFIX}/runs/${id}/cancel`;
    expect((await api.request({ method: 'POST', url })).status).toBe(404);
  });
});

describe('a request to the wrong place', () => {
  it.each(['/nothing', `${PREFIX}/nothing`, '/ga4gh/wes', `${PREFIX}/runs/x/y`, '/docs/nothing'])(
    'at %s is not found',
    async (url) => {
      const response = await api.request({ method: 'GET', url });
      expect(response).toMatchObject({ status: 404, body: { status_code: 404 } });
    },
  );

  it('is not found also when its body is of an unknown type', async () => {
    const response = await api.request({
      method: 'POST',
      url: '/nothing',
      headers: { 'content-type': 'text/xml' },
      payload: '<a/>',
    });
    expect(response.status).toBe(404);
  });

  it('below the page of the document is told so like everywhere', async () => {
    const response = await api.request({ method: 'GET', url: '/docs/static/..%2f..%2fnothing' });
    expect(response).toMatchObject({ status: 404, body: { status_code: 404 } });
  });

  it.each<[TestRequest['method'], string, string]>([
    ['PUT', '/runs', 'GET, HEAD, POST, OPTIONS'],
    ['DELETE', '/runs', 'GET, HEAD, POST, OPTIONS'],
    ['PUT', `/runs/${v7()}`, 'GET, HEAD, DELETE, OPTIONS'],
    ['GET', `/runs/${v7()}/cancel`, 'POST, OPTIONS'],
    ['HEAD', `/runs/${v7()}/cancel`, 'POST, OPTIONS'],
    ['POST', '/service-info', 'GET, HEAD, OPTIONS'],
    ['TRACE', '/runs', 'GET, HEAD, POST, OPTIONS'],
    ['PATCH', `/runs/${v7()}/tasks`, 'GET, HEAD, OPTIONS'],
    ['POST', `/runs/${v7()}/outputs/a/b`, 'GET, HEAD, OPTIONS'],
  ])('by %s at %s is told what is possible', async (method, path, allow) => {
    const headers = { 'content-type': 'text/xml' };
    const response = await api.request({ method, url: `${PREFIX}${path}`, headers });
    expect(response).toMatchObject({ status: 405, headers: { allow } });
    if (method !== 'HEAD') expect(response.body.status_code).toBe(405);
  });

  it('by OPTIONS is answered, as browsers ask before they send', async () => {
    const url = `${PREFIX}/runs/${v7()}/cancel`;
    expect((await api.request({ method: 'OPTIONS', url })).status).toBe(204);
  });

  it.each([`${PREFIX}/runs/%zz`, `${PREFIX}/runs/%c3%28`])('%s is malformed', async (url) => {
    const response = await api.request({ method: 'GET', url });
    expect(response).toMatchObject({ status: 400, body: { status_code: 400 } });
  });

  it('with an endless name is refused', async () => {
    const response = await api.get(`/runs/${'x'.repeat(5000)}`);
    expect(response).toMatchObject({ status: 414, body: { status_code: 414 } });
  });
});

it.each(['/', `${PREFIX}/service-info`, `${PREFIX}/runs`, '/healthz', '/openapi.json'])(
  'HEAD %s answers like GET, without a body',
  async (url) => {
    const get = await api.request({ method: 'GET', url });
    const head = await api.request({ method: 'HEAD', url });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-type']).toBe(get.headers['content-type']);
    expect(Number(head.headers['content-length'])).toBe(Buffer.byteLength(get.text));
  },
);

describe('the addresses in answers', () => {
  async function tasksUrl(headers: Readonly<Record<string, string>>): Promise<string> {
    const runId = await api.addRun();
    const { body } = await api.get(`/runs/${runId}`, headers);
    return body.task_logs_url.replace(`${PREFIX}/runs/${runId}/tasks`, '');
  }

  it('are those by which the client reached the service', async () => {
    expect(await tasksUrl({ host: 'wes.lab:8080' })).toBe('http://wes.lab:8080');
    expect(await tasksUrl({ host: '[::1]:80' })).toBe('http://[::1]:80');
  });

  it('follow a proxy only when it is trusted', async () => {
    const headers = {
      host: 'inner:8080',
      'x-forwarded-host': 'wes.example.org',
      'x-forwarded-proto': 'https',
    };
    expect(await tasksUrl(headers)).toBe('http://inner:8080');
    await api.close();
    api = await createTestApi({ settings: { trustProxy: true } });
    expect(await tasksUrl(headers)).toBe('https://wes.example.org');
  });

  it('are below the public address where there is one', async () => {
    await api.close();
    api = await createTestApi({ settings: { publicUrl: 'https://example.org/lab' } });
    expect(await tasksUrl({ host: 'inner' })).toBe('https://example.org/lab');
  });
});

it('can be served under another path', async () => {
  await api.close();
  api = await createTestApi({ settings: { apiPrefix: '/wes' } });
  const runId = await api.addRun();
  expect((await api.get(`/runs/${runId}`)).body.task_logs_url).toContain(
    `/wes/runs/${runId}/tasks`,
  );
  expect((await api.request({ method: 'GET', url: `${PREFIX}/runs` })).status).toBe(404);
});

it('can be served at the root', async () => {
  await api.close();
  api = await createTestApi({ settings: { apiPrefix: '' } });
  expect((await api.request({ method: 'GET', url: '/service-info' })).status).toBe(200);
  expect((await api.request({ method: 'GET', url: '/' })).status).toBe(200);
});
