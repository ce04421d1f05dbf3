import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { v7 as newRunId } from 'uuid';
import type { NewRun } from '../../src/runs/run.ts';
import { bearer, createNameAuthenticator, createTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let time = 0;
const START = Date.parse('2026-01-01T00:00:00Z');

beforeEach(async () => {
  time = START;
  api = await createTestApi({ now: () => time });
});
afterEach(() => api.close());

/** A run submitted a second after the one before. */
async function submitted(run: Partial<NewRun> = {}): Promise<string> {
  time += 1000;
  return api.addRun({ runId: newRunId({ msecs: time }), createdAt: time, ...run });
}

async function submittedRuns(count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await submitted());
  return ids;
}

function idsOf(body: { readonly runs: readonly { readonly run_id: string }[] }): readonly string[] {
  return body.runs.map(({ run_id: runId }) => runId);
}

async function listed(query: string): Promise<readonly string[]> {
  const response = await api.get(`/runs?${query}`);
  expect(response.status).toBe(200);
  return idsOf(response.body);
}

/** All pages of a list; `between` is called after each. */
async function pages(query: string, between: () => Promise<unknown> = async () => undefined) {
  const all: (readonly string[])[] = [];
  let token = '';
  do {
    const { status, body } = await api.get(`/runs?${query}&page_token=${token}`);
    expect(status).toBe(200);
    all.push(idsOf(body));
    token = body.next_page_token;
    await between();
  } while (token !== '');
  return all;
}

describe('the list of runs', () => {
  it('is empty at first, and says that there are no more', async () => {
    expect((await api.get('/runs')).body).toEqual({ runs: [], next_page_token: '', total_runs: 0 });
  });

  it('is newest first, page by page, each run once', async () => {
    const ids = await submittedRuns(7);
    const newest = ids.toReversed();
    expect(await pages('page_size=3')).toEqual([
      newest.slice(0, 3),
      newest.slice(3, 6),
      newest.slice(6),
    ]);
  });

  it('ends with an empty token also when the last page is full', async () => {
    await submittedRuns(6);
    expect((await pages('page_size=3')).map(({ length }) => length)).toEqual([3, 3]);
  });

  it('has pages of the default size, and none above the maximum', async () => {
    await submittedRuns(25);
    expect(await listed('')).toHaveLength(5);
    expect(await listed('page_size=1000000000000')).toHaveLength(20);
    expect((await api.get('/runs')).body.total_runs).toBe(25);
  });

  it.each(['page_size=3', 'page_size=3&sort_order=asc'])(
    'with %s stays as it was when its first page was asked for',
    async (query) => {
      const before = await submittedRuns(8);
      const shown = await pages(query, () => submitted());
      expect(shown.flat().toSorted()).toEqual(before);
    },
  );

  it('counts in each page what was there with the first', async () => {
    await submittedRuns(4);
    const first = (await api.get('/runs?page_size=2')).body;
    await submittedRuns(3);
    const second = (await api.get(`/runs?page_size=2&page_token=${first.next_page_token}`)).body;
    expect([first.total_runs, second.total_runs]).toEqual([4, 4]);
    expect((await api.get('/runs')).body.total_runs).toBe(7);
  });

  it('leaves out of later pages a run whose upload began before and ended after the first page', async () => {
    const slow = newRunId({ msecs: time });
    await submittedRuns(4);
    const shown = await pages('page_size=2', async () => {
      if ((await api.store.getRun(slow)) === undefined) await submitted({ runId: slow });
    });
    expect(shown.flat()).not.toContain(slow);
  });

  it('shows a run at once, also one from an instance whose clock is ahead', async () => {
    await submittedRuns(2);
    const ahead = time + 60_000;
    const runId = await api.addRun({ runId: newRunId({ msecs: ahead }), createdAt: ahead });
    expect(await listed('page_size=1')).toEqual([runId]);
    expect((await pages('page_size=1')).flat()).toHaveLength(3);
  });

  it('can be oldest first', async () => {
    const ids = await submittedRuns(5);
    expect((await pages('page_size=2&sort_order=asc')).flat()).toEqual(ids);
  });

  it('has for each run its state, tags and times in whole seconds', async () => {
    await submitted({ request: request({ tags: { project: 'x' } }) });
    const daemon = { daemonId: newRunId(), attempt: 1 };
    const run = await api.store.claimRun({
      daemonId: daemon.daemonId,
      executor: 'fake',
      at: START + 1500,
      engines: [{ engine: 'fake', versions: ['1.0'] }],
    });
    const move = { ...daemon, runId: run?.runId ?? '', reason: 'for a test' };
    await api.store.moveRun({ ...move, to: 'RUNNING', at: START + 2999 });
    await api.store.moveRun({ ...move, to: 'EXECUTOR_ERROR', at: START + 61_000 });
    await submitted();
    expect((await api.get('/runs')).body.runs).toEqual([
      { run_id: expect.any(String), state: 'QUEUED', tags: {} },
      {
        run_id: run?.runId,
        state: 'EXECUTOR_ERROR',
        tags: { project: 'x' },
        start_time: '2026-01-01T00:00:02Z',
        end_time: '2026-01-01T00:01:01Z',
      },
    ]);
  });
});

describe('a filter', () => {
  it('by state takes several, and finds nothing for UNKNOWN', async () => {
    const [first = ''] = await submittedRuns(3);
    await api.store.requestCancel(first, 'user:x', time);
    expect(await listed('state=CANCELED')).toEqual([first]);
    expect(await listed('state=CANCELED&state=QUEUED&state=QUEUED')).toHaveLength(3);
    expect(await listed('state=RUNNING')).toEqual([]);
    expect((await api.get('/runs?state=UNKNOWN')).body).toMatchObject({ runs: [], total_runs: 0 });
  });

  it('by tags needs all of them, and a value may hold a colon', async () => {
    const tags = { a: '1', url: 'http://x:80/' };
    const both = await submitted({ request: request({ tags }) });
    const one = await submitted({ request: request({ tags: { a: '1' } }) });
    expect(await listed('tags=a:1')).toEqual([one, both]);
    expect(await listed(`tags=a:1&tags=${encodeURIComponent('url:http://x:80/')}`)).toEqual([both]);
    expect(await listed('tag_key=a&tag_value=1')).toEqual([one, both]);
    expect(await listed('tag_key=a&tag_value=1&tag_key=url&tag_value=http://x:80/')).toEqual([
      both,
    ]);
    expect(await listed('tags=a:')).toEqual([]);
  });

  it('by type, by ids and by time', async () => {
    const [first = '', second = '', third = ''] = await submittedRuns(3);
    const cwl = await submitted({ request: request({ workflowType: 'CWL' }) });
    expect(await listed('workflow_type=CWL')).toEqual([cwl]);
    expect(await listed(`run_ids=${first},${third}`)).toEqual([third, first]);
    expect(await listed(`run_ids=${first}&run_ids=${second},none`)).toEqual([second, first]);
    expect(await listed('run_ids=none')).toEqual([]);
    expect(await listed('created_after=2026-01-01T00:00:02Z')).toEqual([cwl, third, second]);
    expect(await listed('created_before=2026-01-01T00:00:02Z')).toEqual([first]);
    const range =
      'created_after=2026-01-01T01:00:02.000%2B01:00&created_before=2025-12-31T23:00:03-01:00';
    expect(await listed(range)).toEqual([second]);
  });

  it('takes a time whose plus sign was not encoded', async () => {
    const [, second] = await submittedRuns(2);
    expect(await listed('created_after=2026-01-01T01:00:02+01:00')).toEqual([second]);
  });

  it('goes on through all pages', async () => {
    for (let index = 0; index < 6; index += 1) {
      await submitted({ request: request({ tags: { even: String(index % 2 === 0) } }) });
    }
    expect((await pages('tags=even:true&page_size=2')).map(({ length }) => length)).toEqual([2, 1]);
  });

  it('may be there together with one that this service does not know', async () => {
    expect(await listed('colour=green')).toEqual([]);
  });
});

describe('a list is refused with 400 for', () => {
  it.each([
    ['page_size=0', 'page_size: must be >= 1'],
    ['page_size=-1', 'page_size: '],
    ['page_size=1.5', 'page_size: must be integer'],
    ['page_size=many', 'page_size: must be integer'],
    ['page_size=', 'page_size: '],
    ['page_size=1&page_size=2', 'page_size: '],
    ['page_token=nonsense', 'page_token: '],
    ['page_token=a&page_token=b', 'page_token: '],
    ['state=DONE', 'allowed values: UNKNOWN, QUEUED'],
    ['state=running', 'state: '],
    ['sort_order=up', 'sort_order: '],
    ['tags=nocolon', "tags: 'nocolon' must have the form key:value"],
    ['tags=a:%00', 'tags: contains a NUL'],
    ['tag_key=a', 'tag_value: '],
    ['tag_key=a&tag_value=%00', 'tag_key: '],
    ['workflow_type=%00', 'workflow_type: '],
    ['created_after=yesterday', "created_after: 'yesterday' is not a time"],
    ['created_before=2026-13-01T00:00:00Z', 'created_before: '],
    ['created_before=2026-01-01', 'created_before: '],
  ])('%s', async (query, problem) => {
    const response = await api.get(`/runs?${query}`);
    expect(response).toMatchObject({ status: 400, body: { status_code: 400 } });
    expect(response.body.msg).toContain(problem);
  });

  it('a token of the same list with another filter or order', async () => {
    await submittedRuns(3);
    const { next_page_token: token } = (await api.get('/runs?page_size=1')).body;
    for (const query of ['state=QUEUED', 'sort_order=asc', 'tags=a:b']) {
      expect((await api.get(`/runs?page_token=${token}&${query}`)).status).toBe(400);
    }
    expect((await api.get(`/runs?page_token=${token}&page_size=2`)).status).toBe(200);
  });
});

describe('a token', () => {
  it('is understood by another instance', async () => {
    await submittedRuns(3);
    const { next_page_token: token } = (await api.get('/runs?page_size=2')).body;
    const other = await createTestApi({ adapt: (deps) => ({ ...deps, store: api.store }) });
    try {
      expect((await other.get(`/runs?page_token=${token}`)).body.runs).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('of another user is refused, and the list of each holds only their own', async () => {
    const named = await createTestApi({ authenticator: createNameAuthenticator() });
    try {
      for (const owner of ['alice', 'alice', 'bob']) await named.addRun({ owner });
      const first = await named.get('/runs?page_size=1', bearer('alice'));
      expect(first.body.total_runs).toBe(2);
      const next = `/runs?page_token=${first.body.next_page_token}`;
      expect((await named.get(next, bearer('bob'))).status).toBe(400);
      expect((await named.get(next, bearer('alice'))).body.runs).toHaveLength(1);
      expect((await named.get('/runs', bearer('bob'))).body.total_runs).toBe(1);
      expect((await named.get('/runs', bearer('root'))).body.total_runs).toBe(3);
    } finally {
      await named.close();
    }
  });
});

function request(changes: Partial<NewRun['request']>): NewRun['request'] {
  return { workflowType: 'FAKE', workflowTypeVersion: '1.0', workflowUrl: 'a', ...changes };
}
