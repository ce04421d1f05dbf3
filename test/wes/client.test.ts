import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isTransient, WesClientError } from '../../src/wes/client-error.ts';
import { createWesClient, eachPage, type WesClient } from '../../src/wes/client.ts';
import { findServer } from '../../src/wes/find-server.ts';
import { createTransport, type WesCredentials } from '../../src/wes/transport.ts';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.ts';

const PREFIX = '/ga4gh/wes/v1';
const RUN = `${PREFIX}/runs/r1`;

let server: ScriptedServer;

beforeEach(async () => {
  server = await startScriptedServer();
});
afterEach(async () => {
  await server.close();
});

function clientOf(credentials?: WesCredentials, timeoutMs?: number): WesClient {
  const transport = createTransport({ origin: server.url, credentials, timeoutMs });
  return createWesClient(new URL(server.url + PREFIX), transport);
}

async function failureOf(promise: Promise<unknown>): Promise<WesClientError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof WesClientError) return error;
  throw new Error(`expected a WesClientError, got ${String(error)}`);
}

describe('finding a server', () => {
  const find = (typed: string) =>
    findServer(new URL(typed), createTransport({ origin: server.url }));

  test('an address with the path of the standard is taken as it is, without asking', async () => {
    expect((await find(`${server.url}${PREFIX}/`)).href).toBe(`${server.url}${PREFIX}`);
    expect(server.requests).toEqual([]);
  });

  test('an address without it is asked for its service-info below that path', async () => {
    server.on(`GET ${PREFIX}/service-info`, { body: { supported_wes_versions: ['1.1.0'] } });
    expect((await find(server.url)).href).toBe(`${server.url}${PREFIX}`);
  });

  test('a server that has its operations elsewhere is found there', async () => {
    server.on('GET /wes/service-info', { body: { workflow_type_versions: {} } });
    expect((await find(`${server.url}/wes/`)).href).toBe(`${server.url}/wes`);
    expect((await find(`${server.url}/wes/service-info`)).href).toBe(`${server.url}/wes`);
  });

  test('a server that wants credentials for its service-info is a server', async () => {
    server.on(`GET ${PREFIX}/service-info`, { status: 401, body: {} });
    expect((await find(server.url)).href).toBe(`${server.url}${PREFIX}`);
  });

  test('a server of something else is not found', async () => {
    server.on('GET /service-info', { body: '<html>hello</html>' });
    const error = await failureOf(find(server.url));
    expect(error.kind).toBe('not_found');
    expect(error.message).toContain(`${server.url}${PREFIX}`);
  });
});

describe('credentials', () => {
  test('Basic credentials are sent as UTF-8, bearer tokens as they are', async () => {
    server.on(`GET ${PREFIX}/runs`, { body: { runs: [] } });
    await clientOf({ type: 'basic', name: 'zoë', password: 'p:ü' }).listRuns();
    await clientOf({ type: 'bearer', token: 't0' }).listRuns();
    await clientOf().listRuns();
    const sent = server.requests.map((request) => request.headers.authorization);
    const basic = `Basic ${Buffer.from('zoë:p:ü').toString('base64')}`;
    expect(sent).toEqual([basic, 'Bearer t0', undefined]);
  });

  test('they are never sent to another server that an address points to', async () => {
    const other = await startScriptedServer({ 'GET /log': { body: 'text' } });
    try {
      await clientOf({ type: 'bearer', token: 'secret' }).read(`${other.url}/log`);
      expect(other.requests[0]?.headers.authorization).toBeUndefined();
    } finally {
      await other.close();
    }
  });
});

describe('what goes wrong', () => {
  test.each([
    [400, 'refused'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not_found'],
    [413, 'refused'],
    [500, 'server_error'],
    [503, 'server_error'],
  ])(
    'status %i is an error of the kind %s with the message of the server',
    async (status, kind) => {
      server.on(`GET ${RUN}/status`, { status, body: { msg: 'because', status_code: status } });
      const error = await failureOf(clientOf().getRunStatus('r1'));
      expect(error).toMatchObject({ kind, status, message: 'because' });
    },
  );

  test('an error without a message names the address and the status', async () => {
    server.on(`GET ${RUN}/status`, { status: 502, body: '<html>' });
    const { message } = await failureOf(clientOf().getRunStatus('r1'));
    expect(message).toContain(`${RUN}/status answered 502`);
  });

  test('a server that is not there is unreachable, and asking again may help', async () => {
    const { url } = server;
    await server.close();
    const transport = createTransport({ origin: url });
    const error = await failureOf(createWesClient(new URL(url), transport).listRuns());
    expect(error.kind).toBe('unreachable');
    expect(error.message).toContain('ECONNREFUSED');
    expect(isTransient(error)).toBe(true);
    server = await startScriptedServer();
  });

  test('a server that does not answer in time is unreachable', async () => {
    server.on(`GET ${PREFIX}/runs`, () => new Promise(() => undefined));
    const error = await failureOf(clientOf(undefined, 50).listRuns());
    expect(error).toMatchObject({ kind: 'unreachable' });
    expect(error.message).toContain('no answer within 50 ms');
  });

  test('an answer that is no JSON is an error of the server', async () => {
    server.on(`GET ${PREFIX}/runs`, { body: '<html>login page</html>' });
    expect(await failureOf(clientOf().listRuns())).toMatchObject({ kind: 'server_error' });
  });

  test('a refusal stays one when it is asked for again', () => {
    expect(isTransient(new WesClientError('refused', 'no', 400))).toBe(false);
    expect(isTransient(new WesClientError('refused', 'slow down', 429))).toBe(true);
    expect(isTransient(new Error('other'))).toBe(false);
  });

  test('an abort ends a call with its own reason', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    server.on(`GET ${PREFIX}/runs`, () => {
      abort.abort(reason);
      return new Promise(() => undefined);
    });
    const transport = createTransport({ origin: server.url, signal: abort.signal });
    const client = createWesClient(new URL(server.url + PREFIX), transport);
    await expect(client.listRuns()).rejects.toBe(reason);
  });
});

describe('submitting', () => {
  test('text fields go as text, objects as JSON, attachments with their folders', async () => {
    server.on(`POST ${PREFIX}/runs`, { body: { run_id: 'r9' } });
    const runId = await clientOf().runWorkflow({
      request: {
        workflow_url: 'wf/main.cwl',
        workflow_type: 'CWL',
        workflow_type_version: 'v1.2',
        workflow_params: { n: 1 },
        tags: { project: 'x' },
      },
      attachments: new Map([['wf/main.cwl', new Blob(['cwlVersion: v1.2'])]]),
      idempotencyKey: 'k1',
    });
    expect(runId).toBe('r9');
    const [request] = server.requests;
    expect(request?.headers['idempotency-key']).toBe('k1');
    const form = await new Response(Buffer.from(request?.body ?? ''), {
      headers: { 'content-type': request?.headers['content-type'] ?? '' },
    }).formData();
    expect(form.get('workflow_params')).toBe('{"n":1}');
    expect(form.get('tags')).toBe('{"project":"x"}');
    const attachment = form.get('workflow_attachment');
    expect(attachment).toMatchObject({ name: 'wf/main.cwl' });
    expect(form.has('workflow_engine')).toBe(false);
  });

  test('an answer without a run id is an error', async () => {
    server.on(`POST ${PREFIX}/runs`, { body: {} });
    const request = { workflow_url: 'x', workflow_type: 'CWL', workflow_type_version: 'v1.2' };
    const error = await failureOf(clientOf().runWorkflow({ request }));
    expect(error.kind).toBe('server_error');
  });
});

describe('servers of other kinds and ages', () => {
  test('a list under `workflows`, with null for what is absent, is a list of runs', async () => {
    const row = { workflow_id: 'old', run_id: 'r1', state: null, tags: null, start_time: null };
    server.on(`GET ${PREFIX}/runs`, { body: { workflows: [row], next_page_token: null } });
    const page = await clientOf().listRuns();
    expect(page).toEqual({
      items: [{ run_id: 'r1', state: 'UNKNOWN', tags: {} }],
      nextPageToken: undefined,
    });
  });

  test('a state of a later version of the standard is unknown', async () => {
    server.on(`GET ${RUN}/status`, { body: { run_id: 'r1', state: 'SLEEPING' } });
    expect((await clientOf().getRunStatus('r1')).state).toBe('UNKNOWN');
  });

  test('service-info of 1.0 has its engine versions read as lists', async () => {
    const info = { workflow_engine_versions: { cwltool: '3.1' }, contact_info_url: null };
    server.on(`GET ${PREFIX}/service-info`, { body: info });
    expect((await clientOf().getServiceInfo()).workflow_engine_versions).toEqual({
      cwltool: { workflow_engine_version: ['3.1'] },
    });
  });

  test('a run log of nulls has everything that a caller counts on', async () => {
    server.on(`GET ${RUN}`, {
      body: {
        run_id: null,
        request: null,
        state: null,
        run_log: null,
        task_logs: null,
        outputs: null,
      },
    });
    expect(await clientOf().getRunLog('r1')).toEqual({
      run_id: 'r1',
      state: 'UNKNOWN',
      run_log: {},
      task_logs: [],
      outputs: {},
    });
  });

  test('null in outputs is kept, since there it has a meaning', async () => {
    server.on(`GET ${RUN}`, { body: { outputs: { report: null } } });
    expect((await clientOf().getRunLog('r1')).outputs).toEqual({ report: null });
  });

  test('without a list of tasks those of the run log are given, numbered', async () => {
    server.on(`GET ${RUN}`, {
      body: {
        task_logs: [
          { name: 'a', cmd: 'echo a' },
          { id: 7, name: null, exit_code: 1 },
        ],
      },
    });
    const { items } = await clientOf().listTasks('r1');
    expect(items).toEqual([
      { id: '1', name: 'a', cmd: ['echo a'] },
      { id: '7', name: 'task 7', exit_code: 1 },
    ]);
    expect((await clientOf().getTask('r1', '7')).exit_code).toBe(1);
    expect(await failureOf(clientOf().getTask('r1', '9'))).toMatchObject({ kind: 'not_found' });
  });

  test('a run that is not there is not found by the fallback either', async () => {
    const error = await failureOf(clientOf().listTasks('r1'));
    expect(error).toMatchObject({ kind: 'not_found', status: 404 });
  });

  test('a server without a list of outputs is told from one that has none', async () => {
    expect(await clientOf().listOutputs('r1')).toBeUndefined();
    server.on(`GET ${RUN}/outputs`, { body: { outputs: [], next_page_token: '' } });
    expect(await clientOf().listOutputs('r1')).toEqual({ items: [], nextPageToken: undefined });
  });

  test('a relative address of a log is resolved against the run', async () => {
    server.on('GET /toil/wes/v1/logs/r1/stdout', { body: 'hello' });
    const { body } = await clientOf().read('../../../../toil/wes/v1/logs/r1/stdout');
    expect(await new Response(body).text()).toBe('hello');
  });

  test('an address that is none is an error of the server', async () => {
    expect(await failureOf(clientOf().read('http://'))).toMatchObject({ kind: 'server_error' });
  });
});

describe('parts and pages', () => {
  test('a part beyond the end is empty, and a server without parts is noticed', async () => {
    server.on('GET /log', ({ headers }) => ({
      status: headers.range === 'bytes=5-' ? 416 : 200,
      body: 'hello',
    }));
    const client = clientOf();
    expect(await client.read('/log', { start: 5 })).toEqual({ body: null, isPartial: true });
    const whole = await client.read('/log', { last: 2 });
    expect(whole.isPartial).toBe(false);
    await whole.body?.cancel();
    expect(server.requests.map((request) => request.headers.range)).toEqual([
      'bytes=5-',
      'bytes=-2',
    ]);
  });

  test('filters and pages are asked for in the query', async () => {
    server.on(`GET ${PREFIX}/runs`, { body: { runs: [] } });
    await clientOf().listRuns({
      states: ['QUEUED', 'RUNNING'],
      tags: { a: 'b c' },
      pageSize: 5,
      pageToken: 't',
    });
    const query = new URL(server.requests[0]?.path ?? '', server.url).searchParams;
    expect(query.getAll('state')).toEqual(['QUEUED', 'RUNNING']);
    expect(query.getAll('tags')).toEqual(['a:b c']);
    expect([query.get('page_size'), query.get('page_token')]).toEqual(['5', 't']);
  });

  test('pages are read to the end, and a token that comes again is the end', async () => {
    const asked: (string | undefined)[] = [];
    const pages = eachPage((token) => {
      asked.push(token);
      return Promise.resolve({ items: [asked.length], nextPageToken: 'again' });
    });
    const items: number[] = [];
    for await (const page of pages) items.push(...page);
    expect(items).toEqual([1, 2]);
    expect(asked).toEqual([undefined, 'again']);
  });

  test('run ids are one segment of the path, whatever they hold', async () => {
    server.on(`GET ${PREFIX}/runs/a%2Fb/status`, { body: { state: 'QUEUED' } });
    expect((await clientOf().getRunStatus('a/b')).run_id).toBe('a/b');
  });

  test('a cancel is a POST', async () => {
    server.on(`POST ${RUN}/cancel`, { body: { run_id: 'r1' } });
    await clientOf().cancelRun('r1');
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: `${RUN}/cancel` });
  });
});
