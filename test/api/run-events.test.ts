import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeasedWrite } from '../../src/runs/run-store.ts';
import { openEventSource } from '../../src/wes/event-source.ts';
import { bearer, PREFIX } from '../support/api.ts';
import { until } from '../support/until.ts';
import { follow, idsIn, openEventsApi, task, transportOf, type EventsApi } from './events-api.ts';

let events: EventsApi;
beforeEach(async () => {
  events = await openEventsApi();
});
afterEach(() => events.close());

describe('the events of a run', () => {
  it('tell its states and tasks as they change, to its end', async () => {
    const lease = await events.startRun();
    const run = await follow(events.clientOf('alice'), lease.runId);
    await until(() => run.seen.length === 3);
    await events.api.store.saveTasks(lease, [task(1), task(2)]);
    await until(() => run.seen.length === 5);
    await events.api.store.saveTasks(lease, [task(1, { endedAt: 2000, exitCode: 3 })]);
    await events.move(lease, 'COMPLETE');
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
    const { history } = await events.clientOf('alice').getHistory(lease.runId);
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
    const lease = await events.startRun();
    await events.api.store.saveTasks(lease, [task(1), task(2)]);
    await events.move(lease, 'COMPLETE');
    const path = `/runs/${lease.runId}/events`;
    const whole = await events.rawEvents(path, bearer('alice'), () => false);
    const ids = idsIn(whole);
    expect(ids).toHaveLength(7);
    for (const [index, id] of ids.slice(0, -1).entries()) {
      const headers = { ...bearer('alice'), 'last-event-id': id };
      const rest = await events.rawEvents(path, headers, () => false);
      expect(idsIn(rest)).toEqual(ids.slice(index + 1));
      const query = `${path}?last_event_id=${encodeURIComponent(id)}`;
      expect(await events.rawEvents(query, bearer('alice'), () => false)).toBe(rest);
    }
    const headers = { ...bearer('alice'), 'last-event-id': ids.at(-1) ?? '' };
    // What tells a browser to stop coming back.
    expect((await events.api.get(path, headers)).status).toBe(204);
  });

  it('may leave out tasks', async () => {
    const lease = await events.startRun();
    await events.api.store.saveTasks(lease, [task(1)]);
    await events.move(lease, 'COMPLETE');
    const run = await follow(events.clientOf('alice'), lease.runId, { withTasks: false });
    await run.ended;
    expect(run.short()).toEqual(['QUEUED', 'INITIALIZING', 'RUNNING', 'COMPLETE', 'end COMPLETE']);
  });

  it('tell thousands of tasks, each once and in order', async () => {
    const lease = await events.startRun();
    const run = await follow(events.clientOf('alice'), lease.runId);
    for (let start = 0; start < 3000; start += 600) {
      const tasks = Array.from({ length: 600 }, (_, index) => task(start + index + 1));
      await events.api.store.saveTasks(lease, tasks);
    }
    await events.move(lease, 'COMPLETE');
    await run.ended;
    const tasks = run.seen.flatMap((event) => (event.type === 'task' ? [event.task.id] : []));
    expect(tasks).toEqual(Array.from({ length: 3000 }, (_, index) => `task-${index + 1}`));
  });

  it('are found by one question for all runs that are followed, and none when nobody follows', async () => {
    const leases: LeasedWrite[] = [];
    for (let count = 0; count < 20; count += 1) leases.push(await events.startRun());
    const controller = new AbortController();
    const { signal } = controller;
    const client = events.clientOf('alice', events.origin, signal);
    const runs = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        follow(client, leases[index % leases.length]?.runId, { signal }),
      ),
    );
    await until(() => runs.every(({ seen }) => seen.length === 3));
    events.asked.clear();
    for (const lease of leases) await events.api.store.saveTasks(lease, [task(1)]);
    await until(() => (events.asked.get('listHeads') ?? 0) >= 3);
    await until(() => runs.every(({ seen }) => seen.length === 4));
    // A question in each turn; and one for the changes, or two when a turn came between the writes.
    expect(events.asked.get('listChanges')).toBeLessThanOrEqual(4);
    controller.abort();
    await Promise.allSettled(runs.map(({ ended }) => ended));
    await events.untilSilent('listHeads');
  }, 30_000);

  it('reach a follower of one server when another is gone, each once', async () => {
    const lease = await events.startRun();
    const { app, address } = await events.otherServer();
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
    await events.api.store.saveTasks(lease, [task(1)]);
    await ended;
    await app.close();
    await events.api.store.saveTasks(lease, [task(2)]);
    await events.move(lease, 'COMPLETE');
    const last = (seen.at(-1) as { revision: number }).revision; // as the schema has it
    const rest = await follow(events.clientOf('alice'), lease.runId, {
      lastEventId: `${lease.runId}/${last}`,
    });
    await rest.ended;
    expect(rest.short()).toEqual(['task-2 runs', 'COMPLETE', 'end COMPLETE']);
  });

  it('end when the run is removed', async () => {
    const lease = await events.startRun();
    const run = await follow(events.clientOf('alice'), lease.runId);
    await until(() => run.seen.length === 3);
    await events.move(lease, 'COMPLETE');
    await run.ended;
    await events.api.store.removeRun(lease.runId, Date.now());
    expect(await events.clientOf('alice').events(lease.runId)).toBeUndefined();
  });

  it('are not found where the run is not, or is somebody else’s', async () => {
    const { runId } = await events.startRun();
    expect((await events.api.get(`/runs/${runId}/events`, bearer('bob'))).status).toBe(404);
    expect((await events.api.get('/runs/nothing/events', bearer('alice'))).status).toBe(404);
    expect((await events.api.get(`/runs/${runId}/events`)).status).toBe(401);
    const followed = await follow(events.clientOf('root'), runId);
    await until(() => followed.seen.length === 3);
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
    const { runId } = await events.startRun();
    const other = await events.startRun();
    const forged = id.replace('RUN', runId).replace('OTHER', other.runId);
    const headers = { ...bearer('alice'), 'last-event-id': forged };
    const answer = await events.api.get(`/runs/${runId}/events`, headers);
    expect(answer).toMatchObject({ status: 400, body: { status_code: 400 } });
    expect(answer.text).toContain('Last-Event-ID');
  });

  it('are for GET alone', async () => {
    const { runId } = await events.startRun();
    for (const method of ['HEAD', 'POST', 'DELETE'] as const) {
      for (const path of [`/runs/${runId}/events`, '/runs/events']) {
        const answer = await events.api.request({
          method,
          url: PREFIX + path,
          headers: bearer('alice'),
        });
        expect([method, answer.status, answer.headers.allow]).toEqual([
          method,
          405,
          'GET, OPTIONS',
        ]);
      }
    }
  });
});
