import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WesError } from '../../src/runs/errors.ts';
import {
  bearer,
  createNameAuthenticator,
  createTestApi,
  PREFIX,
  type TestApi,
} from '../support/api.ts';
import { attachment, CWL_FIELDS, formBody } from '../support/multipart.ts';

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi({ authenticator: createNameAuthenticator() });
});
afterEach(() => api.close());

const PROTECTED = ['', '/status', '/tasks', '/tasks/1', '/outputs', '/outputs/a', '/logs/stdout'];

describe('without credentials', () => {
  it.each(['/', `${PREFIX}/service-info`, '/healthz', '/readyz', '/openapi.json', '/docs'])(
    '%s is open',
    async (url) => {
      expect((await api.request({ method: 'GET', url })).status).toBe(200);
    },
  );

  it('everything else asks for them, and says how', async () => {
    const runId = await api.addRun();
    for (const path of [
      '/runs',
      '/runs?page_size=x',
      ...PROTECTED.map((end) => `/runs/${runId}${end}`),
    ]) {
      expect(await api.get(path)).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="test"' },
        body: { status_code: 401 },
      });
    }
    for (const url of [`${PREFIX}/runs/${runId}/cancel`, `${PREFIX}/runs`]) {
      expect((await api.request({ method: 'POST', url })).status).toBe(401);
    }
  });

  it('no attachment is taken', async () => {
    const body = formBody([...CWL_FIELDS, attachment('main.cwl')]);
    const response = await api.request({ method: 'POST', url: `${PREFIX}/runs`, ...body });
    expect(response.status).toBe(401);
    expect(await api.storedKeys()).toEqual([]);
  });
});

describe('a run', () => {
  it('is seen by its owner and by admins; to anyone else it does not exist', async () => {
    const runId = await api.addRun({ owner: 'alice' });
    for (const end of ['', '/status', '/tasks', '/outputs', '/logs/stdout']) {
      const path = `/runs/${runId}${end}`;
      expect((await api.get(path, bearer('alice'))).status).toBe(200);
      expect((await api.get(path, bearer('root'))).status).toBe(200);
      const other = await api.get(path, bearer('bob'));
      const none = await api.get(path.replace(runId, 'none'), bearer('bob'));
      expect(other.status).toBe(404);
      expect(other.text.replace(runId, 'none')).toBe(none.text);
    }
  });

  it('is cancelled by its owner and by admins only', async () => {
    const runId = await api.addRun({ owner: 'alice' });
    const cancel = (user: string) =>
      api.request({
        method: 'POST',
        url: `${PREFIX}/runs/${runId}/cancel`,
        headers: bearer(user),
      });
    expect((await cancel('bob')).status).toBe(404);
    expect((await api.store.getRun(runId))?.state).toBe('QUEUED');
    expect((await cancel('root')).status).toBe(200);
    expect((await cancel('alice')).status).toBe(200);
    expect((await api.store.listEvents(runId)).at(-1)?.actor).toBe('user:root');
  });

  it('belongs to who submitted it', async () => {
    const response = await api.request({
      method: 'POST',
      url: `${PREFIX}/runs`,
      headers: bearer('alice'),
      payload: {
        workflow_type: 'FAKE',
        workflow_type_version: '1.0',
        workflow_url: 'https://example.org/x',
      },
    });
    expect((await api.store.getRun(response.body.run_id))?.owner).toBe('alice');
  });
});

it('after too many failed logins a client is told to wait', async () => {
  await api.close();
  api = await createTestApi({
    authenticator: {
      challenge: 'Basic',
      authenticate: () =>
        Promise.reject(new WesError('too_many_attempts', 'wait', { retryAfterSeconds: 7 })),
    },
  });
  const response = await api.get('/runs');
  expect(response).toMatchObject({ status: 429, body: { msg: 'wait', status_code: 429 } });
  expect(response.headers['retry-after']).toBe('7');
});

it('the authenticator is told the address of the client', async () => {
  await api.close();
  const seen: string[] = [];
  api = await createTestApi({
    authenticator: {
      authenticate: async ({ remoteAddress }) => {
        seen.push(remoteAddress);
        return { name: 'x', isAdmin: false };
      },
    },
  });
  await api.get('/runs', { 'x-forwarded-for': '9.9.9.9' });
  expect(seen).toEqual(['127.0.0.1']);
});
