import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attachmentKey, runLogKey } from '../../src/runs/storage-keys.ts';
import type { StoredState } from '../../src/runs/state.ts';
import {
  bearer,
  createNameAuthenticator,
  createTestApi,
  PREFIX,
  type TestApi,
} from '../support/api.ts';
import { attachment, CWL_FIELDS, formBody, type FormPart } from '../support/multipart.ts';

const UNKNOWN = '01900000-0000-7000-8000-000000000000';
const alice = bearer('alice');
const bob = bearer('bob');
const admin = bearer('root');
const DAEMON = '0d9c6a3e-0000-4000-8000-000000000001';

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi({
    authenticator: createNameAuthenticator(),
    limits: { maxQueuedRuns: 3 },
  });
});
afterEach(() => api.close());

const call = (
  method: 'POST' | 'DELETE',
  path: string,
  headers: Readonly<Record<string, string>> = alice,
) => api.request({ method, url: `${PREFIX}${path}`, headers });

/** A run of alice in a state, over the moves that lead there. */
async function runIn(...states: readonly StoredState[]): Promise<string> {
  const runId = await api.addRun({ owner: 'alice' });
  const engines = [{ engine: 'fake', versions: ['1.0'] }];
  await api.store.claimRun({ daemonId: DAEMON, executor: 'fake', at: Date.now(), engines });
  const lease = { runId, daemonId: DAEMON, attempt: 1 };
  for (const to of states) {
    const moved = await api.store.moveRun({ ...lease, to, at: Date.now(), reason: 'a test' });
    expect(moved).toBe(true);
  }
  return runId;
}

async function submitted(
  headers: Readonly<Record<string, string>> = alice,
  more: readonly FormPart[] = [],
) {
  const { payload, headers: form } = formBody([...CWL_FIELDS, attachment('main.cwl'), ...more]);
  return api.request({
    method: 'POST',
    url: `${PREFIX}/runs`,
    payload,
    headers: { ...form, ...headers },
  });
}

describe('pause and resume', () => {
  it('are wishes, of which daemons are told, whatever the state between RUNNING and PAUSED', async () => {
    const runId = await runIn('RUNNING');
    expect(await call('POST', `/runs/${runId}/pause`)).toMatchObject({
      status: 200,
      body: { run_id: runId },
    });
    expect((await api.store.getRun(runId))?.pauseRequested).toBe(true);
    expect(api.changes).toContain(runId);
    await api.store.moveRun({
      runId,
      daemonId: DAEMON,
      attempt: 1,
      to: 'PAUSED',
      at: 1,
      reason: '',
    });
    expect((await call('POST', `/runs/${runId}/pause`)).status).toBe(200);
    expect((await call('POST', `/runs/${runId}/resume`, admin)).status).toBe(200);
    expect((await api.store.getRun(runId))?.pauseRequested).toBe(false);
  });

  it.each([
    ['QUEUED', []],
    ['INITIALIZING', []],
    ['COMPLETE', ['RUNNING', 'COMPLETE']],
    ['CANCELING', ['RUNNING', 'CANCELING']],
  ] as const)('of a run that is %s are refused with the state', async (state, moves) => {
    const runId = state === 'QUEUED' ? await api.addRun({ owner: 'alice' }) : await runIn(...moves);
    for (const action of ['pause', 'resume']) {
      const response = await call('POST', `/runs/${runId}/${action}`);
      expect(response).toMatchObject({ status: 409, body: { status_code: 409 } });
      expect(response.body.msg).toContain(state);
    }
  });
});

describe('every operation on a run', () => {
  const operations = [
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/rerun'],
    ['DELETE', ''],
  ] as const;

  it.each(operations)(
    '%s %s finds no run that is not there or of somebody else',
    async (method, end) => {
      const runId = await runIn('RUNNING', 'COMPLETE');
      for (const [id, headers] of [
        [runId, bob],
        [UNKNOWN, alice],
        ['no-id', alice],
      ] as const) {
        const response = await call(method, `/runs/${id}${end}`, headers);
        expect(response).toMatchObject({ status: 404, body: { status_code: 404 } });
      }
      expect(await api.store.getRun(runId)).toBeDefined();
    },
  );

  it.each(operations)('%s %s asks for credentials', async (method, end) => {
    const runId = await runIn('RUNNING', 'COMPLETE');
    expect((await call(method, `/runs/${runId}${end}`, {})).status).toBe(401);
  });
});

describe('rerun', () => {
  it('is a new run with the same request, its own copies of the attachments, and a link', async () => {
    const { body } = await submitted(alice, [{ name: 'tags', value: '{"a":"b"}' }]);
    const origin: string = body.run_id;
    const again = await call('POST', `/runs/${origin}/rerun`, admin);
    expect(again.status).toBe(200);
    const { run_id: runId } = again.body;
    expect(runId).not.toBe(origin);
    const first = await api.store.getRun(origin);
    const second = await api.store.getRun(runId);
    expect(second).toMatchObject({ owner: 'root', rerunOf: origin, request: first?.request });
    expect(await api.store.listAttachments(runId)).toEqual(await api.store.listAttachments(origin));
    const copy = await api.storage.get(attachmentKey(runId, 'main.cwl'));
    const original = await api.storage.get(attachmentKey(origin, 'main.cwl'));
    expect(await text(copy)).toBe(await text(original));
    const { body: log } = await api.get(`/runs/${runId}`, admin);
    expect(log.run_log.system_logs).toContain(`rerun of run ${origin}`);
    expect((await api.get(`/runs/${runId}/history`, admin)).body.rerun_of).toBe(origin);
    // The copy is its own: nothing waits for its removal.
    expect(await api.database.removals.begin(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  it('with the same key is the same new run', async () => {
    const { body } = await submitted();
    const key = { ...alice, 'idempotency-key': 'again' };
    const first = await call('POST', `/runs/${body.run_id}/rerun`, key);
    const second = await call('POST', `/runs/${body.run_id}/rerun`, key);
    expect(second.body).toEqual(first.body);
    expect((await api.storedKeys()).length).toBe(2);
  });

  it('of a run whose attachments are gone says so, and leaves nothing', async () => {
    const { body } = await submitted();
    await api.storage.delete(attachmentKey(body.run_id, 'main.cwl'));
    const response = await call('POST', `/runs/${body.run_id}/rerun`);
    expect(response).toMatchObject({ status: 409, body: { status_code: 409 } });
    expect(response.body.msg).toContain('main.cwl');
    expect(await api.storedKeys()).toEqual([]);
    expect((await api.get('/runs', alice)).body.runs).toHaveLength(1);
  });
});

describe('removing', () => {
  it('takes a run that ended away, with all it has', async () => {
    const runId = await runIn('RUNNING', 'COMPLETE');
    await api.storage.put(runLogKey({ runId, attempt: 1 }, 'stdout'), Readable.from(['said']));
    expect(await call('DELETE', `/runs/${runId}`)).toMatchObject({
      status: 200,
      body: { run_id: runId },
    });
    for (const end of ['', '/status', '/tasks', '/outputs', '/logs/stdout', '/history', '/queue']) {
      expect((await api.get(`/runs/${runId}${end}`, alice)).status).toBe(404);
    }
    expect((await api.get('/runs', alice)).body.runs).toEqual([]);
    expect(await api.storedKeys()).toEqual([]);
    expect((await call('DELETE', `/runs/${runId}`)).status).toBe(404);
  });

  it('of a run that has not ended is refused with what to do', async () => {
    const runId = await runIn('RUNNING');
    const response = await call('DELETE', `/runs/${runId}`);
    expect(response.status).toBe(409);
    expect(response.body.msg).toMatch(/RUNNING.*cancel/);
    expect(await api.store.getRun(runId)).toBeDefined();
  });

  it('is done in the database also while the storage is away: a daemon does the rest', async () => {
    await api.close();
    api = await createTestApi({
      authenticator: createNameAuthenticator(),
      adapt: (deps) => ({
        ...deps,
        storage: { ...deps.storage, deletePrefix: () => Promise.reject(new Error('away')) },
      }),
    });
    const runId = await runIn('RUNNING', 'COMPLETE');
    await api.storage.put(runLogKey({ runId, attempt: 1 }, 'stdout'), Readable.from(['said']));
    expect((await call('DELETE', `/runs/${runId}`)).status).toBe(200);
    expect(await api.database.removals.begin(Date.now(), 10)).toEqual([runId]);
  });
});

describe('history and place in the queue', () => {
  it('tell each step with who and why', async () => {
    const runId = await runIn('RUNNING');
    await call('POST', `/runs/${runId}/pause`);
    const { body } = await api.get(`/runs/${runId}/history`, alice);
    expect(body).toMatchObject({ run_id: runId, paused_seconds: 0, attempts: 1 });
    expect(body.history.map(({ from, to }: { from?: string; to: string }) => [from, to])).toEqual([
      [undefined, 'QUEUED'],
      ['QUEUED', 'INITIALIZING'],
      ['INITIALIZING', 'RUNNING'],
      ['RUNNING', 'RUNNING'],
    ]);
    expect(body.history[3]).toMatchObject({ actor: 'user:alice', reason: 'pause requested' });
  });

  it('count what starts before, while a run waits', async () => {
    const first = await api.addRun({ owner: 'alice' });
    const second = await api.addRun({ owner: 'alice' });
    expect((await api.get(`/runs/${second}/queue`, alice)).body).toEqual({
      run_id: second,
      state: 'QUEUED',
      position: 2,
      at_least: false,
    });
    expect((await api.get(`/runs/${first}/queue`, alice)).body.position).toBe(1);
    expect((await api.get(`/runs/${first}/queue`, bob)).status).toBe(404);
    await api.store.requestCancel(first, 'user:alice', 1);
    expect((await api.get(`/runs/${first}/queue`, alice)).body).toEqual({
      run_id: first,
      state: 'CANCELED',
    });
  });
});

describe('priority, timeout, cache and quota', () => {
  const withParameters = (parameters: object, headers = alice) =>
    submitted(headers, [{ name: 'workflow_engine_parameters', value: JSON.stringify(parameters) }]);

  it('a priority above the bound is for admins', async () => {
    const refused = await withParameters({ priority: '1' });
    expect(refused).toMatchObject({ status: 403, body: { status_code: 403 } });
    expect(refused.body.msg).toMatch(/priority.*0/);
    expect(await api.storedKeys()).toEqual([]);
    const taken = await withParameters({ priority: '10' }, admin);
    expect((await api.store.getRun(taken.body.run_id))?.priority).toBe(10);
    const low = await withParameters({ priority: '-10' });
    expect((await api.store.getRun(low.body.run_id))?.priority).toBe(-10);
  });

  it.each([{ priority: '11' }, { priority: 'high' }, { timeout: '-1' }, { timeout: '1.5' }])(
    '%j is refused with what is allowed',
    async (parameters) => {
      const response = await withParameters(parameters, admin);
      expect(response.status).toBe(400);
      expect(response.body.msg).toMatch(/workflow_engine_parameters\.\w+: must be a whole number/);
    },
  );

  it('a cache is asked for by true or false', async () => {
    const response = await withParameters({ cache: 'perhaps' });
    expect(response.status).toBe(400);
    expect(response.body.msg).toMatch(/workflow_engine_parameters\.cache: must be true or false/);
    const taken = await withParameters({ cache: 'true' });
    const run = await api.store.getRun(taken.body.run_id);
    expect(run?.request.workflowEngineParameters).toEqual({ cache: 'true' });
  });

  it('service-info lists them for each engine', async () => {
    const { body } = await api.get('/service-info', alice);
    const names = body.default_workflow_engine_parameters.map(({ name }: { name: string }) => name);
    expect(names.filter((name: string) => /priority|timeout/.test(name))).not.toEqual([]);
  });

  it('more runs than may wait are refused with 429, and nothing of them stays', async () => {
    for (let index = 0; index < 3; index += 1) expect((await submitted()).status).toBe(200);
    const refused = await submitted();
    expect(refused).toMatchObject({ status: 429, body: { status_code: 429 } });
    expect(refused.body.msg).toContain('3 runs');
    expect(refused.headers['retry-after']).toBeDefined();
    expect(await api.storedKeys()).toHaveLength(3);
    expect((await submitted(bob)).status).toBe(200);
  });
});

describe('methods that a path does not have', () => {
  it.each(['PROPFIND', 'QUERY', 'MKCOL', 'PUT', 'TRACE'])(
    '%s is 405 with what is allowed',
    async (method) => {
      const runId = await api.addRun({ owner: 'alice' });
      for (const [path, allow] of [
        [`/runs/${runId}`, 'GET, HEAD, DELETE, OPTIONS'],
        [`/runs/${runId}/pause`, 'POST, OPTIONS'],
        ['/service-info', 'GET, HEAD, OPTIONS'],
      ] as const) {
        const response = await api.app.inject({
          // Fastify's types know the usual ones only.
          method: method as 'PUT',
          url: `${PREFIX}${path}`,
          headers: alice,
        });
        expect([response.statusCode, response.headers.allow]).toEqual([405, allow]);
      }
    },
  );
});
