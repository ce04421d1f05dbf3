import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeasedWrite } from '../../src/runs/run-store.ts';
import { bearer, PREFIX } from '../support/api.ts';
import { until } from '../support/until.ts';
import {
  follow,
  idsIn,
  openEventsApi,
  short,
  task,
  type EventsApi,
  type Followed,
} from './events-api.ts';

let events: EventsApi;
beforeEach(async () => {
  events = await openEventsApi();
});
afterEach(() => events.close());

describe('the events of all runs', () => {
  it('tell each user of the own runs, and admins of all, from now on', async () => {
    const before = await events.startRun();
    const [alice, bob, root] = await Promise.all(
      ['alice', 'bob', 'root'].map((name) => events.followAll(name)),
    );
    await events.api.store.saveTasks(before, [task(1)]);
    const [of, ofBob] = [await events.startRun('alice'), await events.startRun('bob')];
    await events.api.store.saveTasks(of, [task(1, { exitCode: 0 })]);
    await events.move(ofBob, 'COMPLETE');
    await events.move(before, 'COMPLETE');
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
    const alice = await events.startRun('alice');
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
        events.followAll('root', `?tag_key=of&tag_value=alice&${query}`),
      ),
    );
    const all = await events.followAll('root', '?tag_key=of&tag_value=alice');
    await events.startRun('bob');
    await events.api.store.saveTasks(alice, [task(1)]);
    await events.move(alice, 'COMPLETE');
    await until(() => all.short().join() === 'task-1 runs,COMPLETE');
    await until(() =>
      Object.values(queries).every((told, index) => narrowed[index]?.seen.length === told.length),
    );
    expect(narrowed.map((followed) => followed.short())).toEqual(Object.values(queries));
    expect((await events.api.get('/runs/events?state=NONE', bearer('root'))).status).toBe(400);
    expect((await events.api.get('/runs/events?tags=x', bearer('root'))).status).toBe(400);
    expect((await events.api.get('/runs/events?tasks=maybe', bearer('root'))).status).toBe(400);
  });

  it('go on at another server from where a client was, and none is lost or told in another order', async () => {
    const running = await events.startRun();
    const first = await events.rawEvents('/runs/events', bearer('alice'), (text) =>
      text.includes('id: '),
    );
    const [id] = idsIn(first);
    await events.api.store.saveTasks(running, [task(1)]);
    const ended = await events.startRun();
    await events.api.store.saveTasks(ended, [task(1, { exitCode: 0 })]);
    await events.move(ended, 'COMPLETE');
    const { address } = await events.otherServer();
    const rest = await follow(events.clientOf('alice', address), undefined, { lastEventId: id });
    await until(() => rest.seen.length >= 9);
    await events.api.store.saveTasks(running, [task(1, { exitCode: 7 })]);
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
      const answer = await events.api.get('/runs/events', headers);
      expect(answer).toMatchObject({ status: 400, body: { status_code: 400 } });
      expect(answer.text).toContain('Last-Event-ID');
    },
  );

  it('cost nothing when nobody follows', async () => {
    const text = await events.rawEvents('/runs/events', bearer('alice'), (seen) =>
      seen.includes('id: '),
    );
    expect(text).toContain('event: position');
    await events.untilSilent('listRecorded');
  });

  it('cost the same for hundreds of followers as for one', async () => {
    const controller = new AbortController();
    const client = events.clientOf('alice', events.origin, controller.signal);
    const many = await Promise.all(
      Array.from({ length: 300 }, () => follow(client, undefined, { signal: controller.signal })),
    );
    // Those who came before this one are followers too.
    const last = await events.followAll('alice');
    events.asked.clear();
    const lease = await events.startRun();
    await until(() => [...many, last].every(({ seen }) => seen.length === 3));
    await events.move(lease, 'COMPLETE');
    await until(() => [...many, last].every(({ seen }) => seen.length === 4));
    // Four writes, each found by one question at most.
    expect(events.asked.get('listChanges')).toBeLessThanOrEqual(4);
    controller.abort();
    await Promise.allSettled(many.map(({ ended }) => ended));
  }, 30_000);

  it('send away a follower that does not read, and nobody waits for it', async () => {
    const controller = new AbortController();
    const stuck = await fetch(`${events.origin}${PREFIX}/runs/events`, {
      headers: bearer('alice'),
      signal: controller.signal,
    });
    const reading = await events.followAll('alice');
    const lease = await events.startRun();
    const tasks = Array.from({ length: 5000 }, (_, index) =>
      task(index + 1, { name: 'x'.repeat(200) }),
    );
    for (let round = 1; round <= 10; round += 1) {
      await events.api.store.saveTasks(
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
    const rest = await follow(events.clientOf('alice'), undefined, { lastEventId: id });
    await until(() => rest.short().filter((told) => told.endsWith(' 10')).length === 5000, {
      timeoutMs: 20_000,
    });
    controller.abort();
  }, 60_000);

  it('end with the server, so that their followers go elsewhere', async () => {
    const response = await fetch(`${events.origin}${PREFIX}/runs/events`, {
      headers: bearer('alice'),
    });
    const text = response.text();
    await events.followAll('alice');
    await events.api.app.close();
    expect(await text).toMatch(/^retry: 2000\n\nid: \d+\nevent: position\ndata: \{\}\n\n$/);
  });
});
