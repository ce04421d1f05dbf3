import { afterEach, describe, expect, it } from 'vitest';
import type { ApiDeps } from '../../../src/api/context.ts';
import { OutcomeUnknownError } from '../../../src/runs/errors.ts';
import { createRunService } from '../../../src/runs/run-service.ts';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { StorageError, type Storage } from '../../../src/storage/storage.ts';
import { createTestApi, PREFIX, type TestApi } from '../../support/api.ts';
import { attachment, CWL_FIELDS, formBody } from '../../support/multipart.ts';

let api: TestApi;
afterEach(() => api.close());

function submit() {
  const body = formBody([...CWL_FIELDS, attachment('main.cwl')]);
  return api.request({ method: 'POST', url: `${PREFIX}/runs`, ...body });
}

/** The API over a store or a storage of which some methods were replaced. */
function createWith(replaced: {
  readonly store?: (store: RunStore) => Partial<RunStore>;
  readonly storage?: Partial<Storage>;
}): Promise<TestApi> {
  return createTestApi({
    adapt: (deps): ApiDeps => {
      const store = { ...deps.store, ...replaced.store?.(deps.store) };
      const storage = { ...deps.storage, ...replaced.storage };
      return {
        ...deps,
        store,
        storage,
        runs: createRunService({
          store,
          catalog: deps.catalog,
          allowedFileRoots: [],
          limits: { userMaxPriority: 0, maxQueuedRuns: 0 },
        }),
      };
    },
  });
}

function connectionLost(): Error {
  return Object.assign(new Error('secret host name'), { code: 'ECONNRESET' });
}

function cutOffInTheMiddle(): Error {
  return new OutcomeUnknownError('secret host name', { cause: connectionLost() });
}

describe('when the database goes away in the middle of a submission', () => {
  it('before the run was written, nothing stays behind even while it stays away', async () => {
    api = await createWith({
      store: () => ({
        createRun: () => Promise.reject(connectionLost()),
        getRunState: () => Promise.reject(connectionLost()),
      }),
    });
    expect((await submit()).status).toBe(503);
    expect(await api.storedKeys()).toEqual([]);
  });

  it('and comes back without the run, the client may try again and nothing stays behind', async () => {
    api = await createWith({
      store: () => ({ createRun: () => Promise.reject(cutOffInTheMiddle()) }),
    });
    const response = await submit();
    expect(response).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { status_code: 503 },
    });
    expect(response.text).not.toContain('secret');
    expect(await api.storedKeys()).toEqual([]);
  });

  it('and comes back with the run, the client gets its id', async () => {
    api = await createWith({
      store: (store) => ({
        createRun: async (run) => {
          await store.createRun(run);
          throw cutOffInTheMiddle();
        },
      }),
    });
    const response = await submit();
    expect(response.status).toBe(200);
    expect(await api.store.getRun(response.body.run_id)).toMatchObject({ state: 'QUEUED' });
    expect(await api.storedKeys()).toHaveLength(1);
    expect(api.changes).toEqual([response.body.run_id]);
  });

  it('and stays away, the attachments stay: the run may have been written', async () => {
    api = await createWith({
      store: () => ({
        createRun: () => Promise.reject(cutOffInTheMiddle()),
        getRunState: () => Promise.reject(connectionLost()),
      }),
    });
    expect((await submit()).status).toBe(503);
    expect(await api.storedKeys()).toHaveLength(1);
  });
});

describe('when the storage fails', () => {
  it('while it can not be reached the client may try again', async () => {
    api = await createWith({
      storage: { put: () => Promise.reject(new StorageError('unavailable', 'secret bucket')) },
    });
    const response = await submit();
    expect(response).toMatchObject({ status: 503, body: { status_code: 503 } });
    expect(response.text).not.toContain('secret');
    expect((await api.get('/runs')).body.runs).toEqual([]);
  });

  it('by a fault of ours the details stay in the log', async () => {
    api = await createWith({
      storage: {
        put: () => Promise.reject(new Error('secret path')),
        deletePrefix: () => Promise.reject(new Error('secret path')),
      },
    });
    const response = await submit();
    expect(response).toMatchObject({ status: 500, body: { status_code: 500 } });
    expect(response.text).not.toContain('secret');
    expect(response.body.msg).toContain(response.headers['x-request-id']);
    const messages = api.logs.map(({ msg }) => msg);
    expect(messages).toContain('request failed');
    expect(messages).toContain('attachments of a refused run not removed');
  });

  it('and what was stored can not be removed, a daemon will do it a day later', async () => {
    api = await createWith({
      store: () => ({ createRun: () => Promise.reject(connectionLost()) }),
      storage: { deletePrefix: () => Promise.reject(new StorageError('unavailable', 'away')) },
    });
    expect((await submit()).status).toBe(503);
    const [key = ''] = await api.storedKeys();
    const [, runId = ''] = key.split('/');
    const hours = 60 * 60 * 1000;
    expect(await api.database.removals.begin(Date.now() + 23 * hours, 10)).toEqual([]);
    expect(await api.database.removals.begin(Date.now() + 25 * hours, 10)).toEqual([runId]);
  });

  it('a submission without attachments announces nothing', async () => {
    api = await createWith({
      store: () => ({ createRun: () => Promise.reject(connectionLost()) }),
    });
    await api.request({ method: 'POST', url: `${PREFIX}/runs`, ...formBody(CWL_FIELDS) });
    expect(await api.database.removals.begin(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });
});
