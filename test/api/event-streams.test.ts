import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiInstance } from '../../src/api/api-instance.ts';
import { buildApp } from '../../src/api/app.ts';
import type { ChangeReader } from '../../src/runs/change-reader.ts';
import type { Task } from '../../src/runs/run.ts';
import type { LeasedWrite } from '../../src/runs/run-store.ts';
import { createWesClient, type WesClient } from '../../src/wes/client.ts';
import { openEventSource } from '../../src/wes/event-source.ts';
import { readRunEvent, type RunEvent } from '../../src/wes/reading-events.ts';
import { createTransport } from '../../src/wes/transport.ts';
import { bearer, createNameAuthenticator, createTestApi, PREFIX } from '../support/api.ts';
import type { TestApi } from '../support/api.ts';
import { claim, newRun, uniqueName } from '../support/sample-runs.ts';
import { until } from '../support/until.ts';

const task = (position: number, fields: Partial<Task> = {}): Task => ({
  taskId: `task-${position}`,
  position,
  name: `step ${position}`,
  command: ['echo'],
  startedAt: 1000,
  systemLogs: [],
  ...fields,
});

let api: TestApi;
let origin: string;
let asked: Map<string, number>;
const others: ApiInstance[] = [];

/** Counts the questions to the database. */
function counted(store: TestApi['store']): TestApi['store'] {
  const count = <Name extends keyof ChangeReader>(name: Name): ChangeReader[Name] => {
    const method = store[name] as (...args: unknown[]) => unknown;
    return ((...args: unknown[]) => {
      asked.set(name, (asked.get(name) ?? 0) + 1);
      return method(...args);
    }) as ChangeReader[Name]; // the same method
  };
  return {
    ...store,
    listHeads: count('listHeads'),
    listChanges: count('listChanges'),
    listRecorded: count('listRecorded'),
    listLeasedHeads: count('listLeasedHeads'),
  };
}

beforeEach(async () => {
  asked = new Map();
  api = await createTestApi({
    authenticator: createNameAuthenticator(),
    adapt: (deps) => ({ ...deps, store: counted(deps.store) }),
  });
  origin = await api.listen();
});
afterEach(async () => {
  for (const app of others.splice(0)) await app.close();
  await api.close();
});

const transportOf = (name: string, at = origin) =>
  createTransport({ origin: at, credentials: { type: 'bearer', token: name } });
const clientOf = (name: string, at = origin): WesClient =>
  createWesClient(new URL(at + PREFIX), transportOf(name, at));

/** Another API process' worth of server over the same database. */
async function otherServer(): Promise<{ app: ApiInstance; address: string }> {
  const app = await buildApp(api.deps);
  others.push(app);
  return { app, address: await app.listen({ host: '127.0.0.1', port: 0 }) };
}

async function startRun(owner = 'alice'): Promise<LeasedWrite> {
  const engine = uniqueName('engine');
  await api.store.createRun(newRun({ owner, engine, request: { tags: { of: owner } } }));
  const { lease } = await claim(api.store, engine);
  await move(lease, 'RUNNING');
  return lease;
}

async function move(lease: LeasedWrite, to: 'RUNNING' | 'COMPLETE' | 'QUEUED'): Promise<void> {
  expect(await api.store.moveRun({ ...lease, to, at: Date.now(), reason: 'a test' })).toBe(true);
}

const short = (event: RunEvent): string => {
  if (event.type === 'end') return `end ${event.state ?? ''}`;
  if (event.type === 'task') return `${event.task.id} ${event.task.exit_code ?? 'runs'}`;
  return event.to;
};

interface Followed {
  readonly seen: readonly RunEvent[];
  short(): readonly string[];
  readonly ended: Promise<void>;
}

async function follow(
  client: WesClient,
  runId: string | undefined,
  options: Parameters<WesClient['events']>[1] = {},
): Promise<Followed> {
  const events = await client.events(runId, options);
  if (events === undefined) throw new Error('there are no events');
  const seen: RunEvent[] = [];
  const ended = (async () => {
    for await (const event of events) seen.push(event);
  })();
  ended.catch(() => undefined);
  return { seen, short: () => seen.map(short), ended };
}

/** The events of all runs that somebody sees, from when this resolves. */
async function followAll(name: string, query = ''): Promise<Followed> {
  const url = new URL(`${origin}${PREFIX}/runs/events${query}`);
  const events = await openEventSource(url, transportOf(name));
  const seen: RunEvent[] = [];
  const begun = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const event of events ?? []) {
      if (event.event === 'position') begun.resolve();
      const read = readRunEvent(event);
      if (read !== undefined) seen.push(read);
    }
  })();
  ended.catch(() => undefined);
  await begun.promise;
  return { seen, short: () => seen.map(short), ended };
}

/** Events as they come, with their ids; ends when `enough` says so. */
async function rawEvents(
  path: string,
  headers: Readonly<Record<string, string>>,
  enough: (text: string) => boolean,
): Promise<string> {
  const controller = new AbortController();
  const response = await fetch(origin + PREFIX + path, { headers, signal: controller.signal });
  if (response.body === null) return '';
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (enough(text)) break;
  }
  controller.abort();
  return text;
}

const idsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');

describe('the events of a run', () => {
  it('tell its states and tasks as they change, to its end', async () => {
    const lease = await startRun();
    const run = await follow(clientOf('alice'), lease.runId);
    await until(() => run.seen.length === 3);
    await api.store.saveTasks(lease, [task(1), task(2)]);
    await until(() => run.seen.length === 5);
    await api.store.saveTasks(lease, [task(1, { endedAt: 2000, exitCode: 3 })]);
    await move(lease, 'COMPLETE');
    await run.ended;
    expect(run.short()).toEqual([
      'QUEUED',
      'INITIALIZING',
      'RUNNING',
      'task-1 runs',
      'task-2 runs',
      'task-1 3',
      'COMPLETE',
      'end COMPLETE',
    ]);
    const { history } = await clientOf('alice').getHistory(lease.runId);
    const states = run.seen.flatMap((event) => {
      if (event.type !== 'state') return [];
      const { time, from, to, actor, reason } = event;
      return [{ time, ...(from && { from }), to, actor, reason }];
    });
    expect(states).toEqual(history);
    expect(run.seen[5]).toMatchObject({
      task: {
        name: 'step 1',
        start_time: '1970-01-01T00:00:01Z',
        end_time: '1970-01-01T00:00:02Z',
      },
    });
  });

  it('go on behind any of them, and need not come again when all came', async () => {
    const lease = await startRun();
    await api.store.saveTasks(lease, [task(1), task(2)]);
    await move(lease, 'COMPLETE');
    const path = `/runs/${lease.runId}/events`;
    const whole = await rawEvents(path, bearer('alice'), () => false);
    const ids = idsIn(whole);
    expect(ids).toHaveLength(7);
    for (const [index, id] of ids.slice(0, -1).entries()) {
      const headers = { ...bearer('alice'), 'last-event-id': id };
      const rest = await rawEvents(path, headers, () => false);
      expect(idsIn(rest)).toEqual(ids.slice(index + 1));
      const query = `${path}?last_event_id=${encodeURIComponent(id)}`;
      expect(await rawEvents(query, bearer('alice'), () => false)).toBe(rest);
    }
    const headers = { ...bearer('alice'), 'last-event-id': ids.at(-1) ?? '' };
    // What tells a browser to stop coming back.
    expect((await api.get(path, headers)).status).toBe(204);
  });

  it('may leave out tasks', async () => {
    const lease = await startRun();
    await api.store.saveTasks(lease, [task(1)]);
    await move(lease, 'COMPLETE');
    const run = await follow(clientOf('alice'), lease.runId, { withTasks: false });
    await run.ended;
    expect(run.short()).toEqual(['QUEUED', 'INITIALIZING', 'RUNNING', 'COMPLETE', 'end COMPLETE']);
  });

  it('tell thousands of tasks, each once and in order', async () => {
    const lease = await startRun();
    const run = await follow(clientOf('alice'), lease.runId);
    for (let start = 0; start < 3000; start += 600) {
      const tasks = Array.from({ length: 600 }, (_, index) => task(start + index + 1));
      await api.store.saveTasks(lease, tasks);
    }
    await move(lease, 'COMPLETE');
    await run.ended;
    const tasks = run.seen.flatMap((event) => (event.type === 'task' ? [event.task.id] : []));
    expect(tasks).toEqual(Array.from({ length: 3000 }, (_, index) => `task-${index + 1}`));
  });

  it('are found by one question for all runs that are followed, and none when nobody follows', async () => {
    const leases: LeasedWrite[] = [];
    for (let count = 0; count < 20; count += 1) leases.push(await startRun());
    const controller = new AbortController();
    const { signal } = controller;
    const transport = createTransport({
      origin,
      credentials: { type: 'bearer', token: 'alice' },
      signal,
    });
    const client = createWesClient(new URL(origin + PREFIX), transport);
    const runs = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        follow(client, leases[index % leases.length]?.runId, { signal }),
      ),
    );
    await until(() => runs.every(({ seen }) => seen.length === 3));
    asked.clear();
    for (const lease of leases) await api.store.saveTasks(lease, [task(1)]);
    await until(() => (asked.get('listHeads') ?? 0) >= 3);
    await until(() => runs.every(({ seen }) => seen.length === 4));
    // A question in each turn; and one for the changes, or two when a turn came between the writes.
    expect(asked.get('listChanges')).toBeLessThanOrEqual(4);
    controller.abort();
    await Promise.allSettled(runs.map(({ ended }) => ended));
    await untilSilent('listHeads');
  }, 30_000);

  it('reach a follower of one server when another is gone, each once', async () => {
    const lease = await startRun();
    const { app, address } = await otherServer();
    const path = `/runs/${lease.runId}/events`;
    const first = await openEventSource(
      new URL(address + PREFIX + path),
      transportOf('alice', address),
    );
    const seen: unknown[] = [];
    const ended = (async () => {
      for await (const { data } of first ?? []) {
        seen.push(data);
        if (seen.length === 4) break;
      }
    })();
    await api.store.saveTasks(lease, [task(1)]);
    await ended;
    await app.close();
    await api.store.saveTasks(lease, [task(2)]);
    await move(lease, 'COMPLETE');
    const last = (seen.at(-1) as { revision: number }).revision; // as the schema has it
    const rest = await follow(clientOf('alice'), lease.runId, {
      lastEventId: `${lease.runId}/${last}`,
    });
    await rest.ended;
    expect(rest.short()).toEqual(['task-2 runs', 'COMPLETE', 'end COMPLETE']);
  });

  it('end when the run is removed', async () => {
    const lease = await startRun();
    const run = await follow(clientOf('alice'), lease.runId);
    await until(() => run.seen.length === 3);
    await move(lease, 'COMPLETE');
    await run.ended;
    await api.store.removeRun(lease.runId, Date.now());
    expect(await clientOf('alice').events(lease.runId)).toBeUndefined();
  });

  it('are not found where the run is not, or is somebody else’s', async () => {
    const { runId } = await startRun();
    expect((await api.get(`/runs/${runId}/events`, bearer('bob'))).status).toBe(404);
    expect((await api.get('/runs/nothing/events', bearer('alice'))).status).toBe(404);
    expect((await api.get(`/runs/${runId}/events`)).status).toBe(401);
    const events = await follow(clientOf('root'), runId);
    await until(() => events.seen.length === 3);
  });

  it.each([
    'x',
    '-1',
    '/1',
    '1',
    '99999999999',
    'RUN/1000',
    'RUN/',
    'RUN/1.5',
    'OTHER/1',
    'RUN/-1',
  ])('do not go on from %s', async (id) => {
    const { runId } = await startRun();
    const other = await startRun();
    const forged = id.replace('RUN', runId).replace('OTHER', other.runId);
    const headers = { ...bearer('alice'), 'last-event-id': forged };
    const answer = await api.get(`/runs/${runId}/events`, headers);
    expect(answer).toMatchObject({ status: 400, body: { status_code: 400 } });
    expect(answer.text).toContain('Last-Event-ID');
  });

  it('are for GET alone', async () => {
    const { runId } = await startRun();
    for (const method of ['HEAD', 'POST', 'DELETE'] as const) {
      for (const path of [`/runs/${runId}/events`, '/runs/events']) {
        const answer = await api.request({ method, url: PREFIX + path, headers: bearer('alice') });
        expect([method, answer.status, answer.headers.allow]).toEqual([
          method,
          405,
          'GET, OPTIONS',
        ]);
      }
    }
  });
});

describe('the events of all runs', () => {
  it('tell each user of the own runs, and admins of all, from now on', async () => {
    const before = await startRun();
    const [alice, bob, root] = await Promise.all(
      ['alice', 'bob', 'root'].map((name) => followAll(name)),
    );
    await api.store.saveTasks(before, [task(1)]);
    const [of, ofBob] = [await startRun('alice'), await startRun('bob')];
    await api.store.saveTasks(of, [task(1, { exitCode: 0 })]);
    await move(ofBob, 'COMPLETE');
    await move(before, 'COMPLETE');
    const begin = ['QUEUED', 'INITIALIZING', 'RUNNING'];
    await until(() => root?.seen.length === 10);
    await until(() => alice?.seen.length === 6 && bob?.seen.length === 4);
    const ofRun = (followed: Followed | undefined, { runId }: LeasedWrite) =>
      followed?.seen.filter((event) => event.runId === runId).map(short);
    expect(ofRun(root, before)).toEqual(['task-1 runs', 'COMPLETE']);
    expect(ofRun(root, of)).toEqual([...begin, 'task-1 0']);
    expect(ofRun(root, ofBob)).toEqual([...begin, 'COMPLETE']);
    expect(ofRun(alice, ofBob)).toEqual([]);
    expect(bob?.short()).toEqual([...begin, 'COMPLETE']);
  });

  it('are narrowed by what lists of runs are narrowed by', async () => {
    const alice = await startRun('alice');
    const queries = {
      'tags=of:alice': ['task-1 runs', 'COMPLETE'],
      'tags=of:nobody': [],
      [`run_ids=${alice.runId}&tasks=false`]: ['COMPLETE'],
      'workflow_type=CWL&tasks=true': ['task-1 runs', 'COMPLETE'],
      'workflow_type=WDL': [],
      'state=COMPLETE&state=CANCELED': ['COMPLETE'],
      'state=CANCELED': [],
    };
    const narrowed = await Promise.all(
      Object.keys(queries).map((query) =>
        followAll('root', `?tag_key=of&tag_value=alice&${query}`),
      ),
    );
    const all = await followAll('root', '?tag_key=of&tag_value=alice');
    await startRun('bob');
    await api.store.saveTasks(alice, [task(1)]);
    await move(alice, 'COMPLETE');
    await until(() => all.short().join() === 'task-1 runs,COMPLETE');
    await until(() =>
      Object.values(queries).every((told, index) => narrowed[index]?.seen.length === told.length),
    );
    expect(narrowed.map((followed) => followed.short())).toEqual(Object.values(queries));
    expect((await api.get('/runs/events?state=NONE', bearer('root'))).status).toBe(400);
    expect((await api.get('/runs/events?tags=x', bearer('root'))).status).toBe(400);
    expect((await api.get('/runs/events?tasks=maybe', bearer('root'))).status).toBe(400);
  });

  it('go on at another server from where a client was, and none is lost or told in another order', async () => {
    const running = await startRun();
    const first = await rawEvents('/runs/events', bearer('alice'), (text) => text.includes('id: '));
    const [id] = idsIn(first);
    await api.store.saveTasks(running, [task(1)]);
    const ended = await startRun();
    await api.store.saveTasks(ended, [task(1, { exitCode: 0 })]);
    await move(ended, 'COMPLETE');
    const { address } = await otherServer();
    const rest = await follow(clientOf('alice', address), undefined, { lastEventId: id });
    await until(() => rest.seen.length >= 9);
    await api.store.saveTasks(running, [task(1, { exitCode: 7 })]);
    await until(() => rest.short().at(-1) === 'task-1 7');
    const ofRun = ({ runId }: LeasedWrite) =>
      rest.seen.filter((event) => event.runId === runId).map(short);
    const begin = ['QUEUED', 'INITIALIZING', 'RUNNING'];
    // What came shortly before that place may come again.
    expect(ofRun(running)).toEqual([...begin, 'task-1 runs', 'task-1 7']);
    expect(ofRun(ended)).toEqual([...begin, 'task-1 0', 'COMPLETE']);
  });

  it.each(['x', '-1', '1.5', '9999999999999999', '1', 'RUN/1', '99999999999999'])(
    'do not go on from %s',
    async (id) => {
      const headers = { ...bearer('alice'), 'last-event-id': id };
      const answer = await api.get('/runs/events', headers);
      expect(answer).toMatchObject({ status: 400, body: { status_code: 400 } });
      expect(answer.text).toContain('Last-Event-ID');
    },
  );

  it('cost nothing when nobody follows', async () => {
    const text = await rawEvents('/runs/events', bearer('alice'), (seen) => seen.includes('id: '));
    expect(text).toContain('event: position');
    await untilSilent('listRecorded');
  });

  it('cost the same for hundreds of followers as for one', async () => {
    const controller = new AbortController();
    const transport = createTransport({
      origin,
      credentials: { type: 'bearer', token: 'alice' },
      signal: controller.signal,
    });
    const client = createWesClient(new URL(origin + PREFIX), transport);
    const many = await Promise.all(
      Array.from({ length: 300 }, () => follow(client, undefined, { signal: controller.signal })),
    );
    // Those who came before this one are followers too.
    const last = await followAll('alice');
    asked.clear();
    const lease = await startRun();
    await until(() => [...many, last].every(({ seen }) => seen.length === 3));
    await move(lease, 'COMPLETE');
    await until(() => [...many, last].every(({ seen }) => seen.length === 4));
    // Four writes, each found by one question at most.
    expect(asked.get('listChanges')).toBeLessThanOrEqual(4);
    controller.abort();
    await Promise.allSettled(many.map(({ ended }) => ended));
  }, 30_000);

  it('send away a follower that does not read, and nobody waits for it', async () => {
    const controller = new AbortController();
    const stuck = await fetch(`${origin}${PREFIX}/runs/events`, {
      headers: bearer('alice'),
      signal: controller.signal,
    });
    const reading = await followAll('alice');
    const lease = await startRun();
    const tasks = Array.from({ length: 5000 }, (_, index) =>
      task(index + 1, { name: 'x'.repeat(200) }),
    );
    for (let round = 1; round <= 10; round += 1) {
      await api.store.saveTasks(
        lease,
        tasks.map((each) => ({ ...each, exitCode: round })),
      );
      await until(
        () => reading.seen.at(-1)?.type === 'task' && reading.short().at(-1)?.endsWith(` ${round}`),
      );
    }
    expect(new Set(reading.short()).size).toBe(reading.seen.length);
    const text = await stuck.text();
    expect(text.endsWith('\n\n')).toBe(true);
    // It comes back with the id of its last event, and is told the rest.
    const id = idsIn(text).at(-1);
    const rest = await follow(clientOf('alice'), undefined, { lastEventId: id });
    await until(() => rest.short().filter((told) => told.endsWith(' 10')).length === 5000, {
      timeoutMs: 20_000,
    });
    controller.abort();
  }, 60_000);

  it('end with the server, so that their followers go elsewhere', async () => {
    const response = await fetch(`${origin}${PREFIX}/runs/events`, { headers: bearer('alice') });
    const text = response.text();
    await followAll('alice');
    await api.app.close();
    expect(await text).toMatch(/^retry: 2000\n\nid: \d+\nevent: position\ndata: \{\}\n\n$/);
  });
});

const QUIET_CHECKS = 150;

/** No question in three times the time that is between two of them. */
async function untilSilent(name: string): Promise<void> {
  let last = -1;
  let quiet = 0;
  await until(
    () => {
      const now = asked.get(name) ?? 0;
      quiet = now === last ? quiet + 1 : 0;
      last = now;
      return quiet > QUIET_CHECKS;
    },
    { message: `${name} is still asked` },
  );
}
