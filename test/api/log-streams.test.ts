import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runLogKey, taskLogKey } from '../../src/runs/storage-keys.ts';
import { createTransport } from '../../src/wes/transport.ts';
import { openEventSource, type ServerEvent } from '../../src/wes/event-source.ts';
import { followLog } from '../../src/wes/follow-log.ts';
import { until } from '../support/until.ts';
import { openBytesApi, type BytesApi } from './bytes-api.ts';

const TASK = { taskId: 'align-1', position: 1, name: 'align', command: ['align'], systemLogs: [] };

describe('a log that is followed', () => {
  let api: BytesApi;
  let origin: string;
  let runId: string;
  let reads: number;

  beforeEach(async () => {
    reads = 0;
    api = await openBytesApi((storage) => ({
      ...storage,
      get: (key, range) => {
        reads += 1;
        return storage.get(key, range);
      },
    }));
    await api.app.listen({ port: 0, host: '127.0.0.1' });
    origin = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`; // it listens on a port
    runId = await api.startRun([TASK]);
  });
  afterEach(() => api.close());

  const url = (rest: string): URL => new URL(api.url(runId, rest), origin);
  const transport = () =>
    createTransport({
      origin,
      credentials: { type: 'basic', name: 'alice', password: 'password of alice' },
    });
  const append = (
    offset: number,
    bytes: Buffer | string,
    key = runLogKey({ runId, attempt: 1 }, 'stdout'),
  ) => api.storage.append(key, offset, Buffer.from(bytes));

  async function follow(log: string): Promise<{ text: () => string; ended: Promise<void> }> {
    const bytes = await followLog(url(log), transport());
    if (bytes === undefined) throw new Error('it can not be followed');
    const chunks: Uint8Array[] = [];
    const ended = (async () => {
      for await (const chunk of bytes) chunks.push(chunk);
    })();
    return { text: () => Buffer.concat(chunks).toString('latin1'), ended };
  }

  async function events(rest: string, lastEventId?: string): Promise<readonly ServerEvent[]> {
    const source = await openEventSource(url(rest), transport(), { lastEventId });
    const seen: ServerEvent[] = [];
    for await (const event of source ?? []) {
      seen.push(event);
      if (event.event === 'end') break;
    }
    return seen;
  }

  it('is told as it grows, to its end', async () => {
    await append(0, 'one\n');
    const log = await follow('logs/stdout');
    await until(() => log.text() === 'one\n');
    await append(4, 'two\n');
    await until(() => log.text() === 'one\ntwo\n');
    await append(8, 'three\n');
    await api.endRun(runId);
    await log.ended;
    expect(log.text()).toBe('one\ntwo\nthree\n');
  });

  it('may begin after its followers, and be empty', async () => {
    const log = await follow('logs/stdout');
    const empty = await follow('logs/stderr');
    await append(0, 'late\n');
    await until(() => log.text() === 'late\n');
    await api.endRun(runId);
    await Promise.all([log.ended, empty.ended]);
    expect([log.text(), empty.text()]).toEqual(['late\n', '']);
  });

  it('of a task ends with its task', async () => {
    const key = taskLogKey({ runId, attempt: 1 }, 'align-1', 'stderr');
    const log = await follow('tasks/align-1/logs/stderr');
    await append(0, 'aligned\n', key);
    await api.endTask(runId, TASK);
    await log.ended;
    expect(log.text()).toBe('aligned\n');
  });

  it('has events with the places in it, and goes on from one of them', async () => {
    await append(0, 'Größe\n');
    await api.endRun(runId);
    const whole = [
      { event: 'log', data: { offset: 0, text: 'Größe\n' } },
      { event: 'end', data: { size: 8 } },
    ];
    expect(await events('logs/stdout?follow')).toEqual(whole);
    expect(await events('logs/stdout?follow=true', '1-3')).toMatchObject([
      { data: { offset: 3 } },
      { event: 'end' },
    ]);
    expect(await events('logs/stdout?follow', '1-8')).toEqual([whole[1]]);
  });

  it('passes every byte on, also what is no text and characters that come in two parts', async () => {
    const bytes = Buffer.from([...Buffer.from('ü€🧬\n'), 0xff, 0xfe, 0, 1, 2, 0xf0, 0x9f]);
    const log = await follow('logs/stdout');
    for (const [index, byte] of bytes.entries()) {
      await append(index, Buffer.from([byte]));
      if (index % 4 === 0) await until(() => log.text().length + 4 > index);
    }
    await api.endRun(runId);
    await log.ended;
    expect(Buffer.from(log.text(), 'latin1')).toEqual(bytes);
  });

  it('has no longest line', async () => {
    const line = Buffer.alloc(3_000_000, 'x');
    await append(0, line);
    await api.endRun(runId);
    const log = await follow('logs/stdout');
    await log.ended;
    expect(log.text()).toBe(line.toString());
  });

  it('begins anew with another attempt', async () => {
    await append(0, 'first attempt\n');
    const log = await follow('logs/stdout');
    await until(() => log.text() !== '');
    await api.requeue(runId);
    await api.beginAgain();
    await append(0, 'second\n', runLogKey({ runId, attempt: 2 }, 'stdout'));
    await until(() => log.text() === 'first attempt\nsecond\n');
    await api.endRun(runId, 2);
    await log.ended;
    expect(await events('logs/stdout?follow', '1-14')).toMatchObject([
      { event: 'restarted', data: { attempt: 2 } },
      { event: 'log', data: { offset: 0, text: 'second\n' } },
      { event: 'end', data: { size: 7 } },
    ]);
  });

  it('of a run that waits is told when it begins', async () => {
    await api.requeue(runId);
    const log = await follow('logs/stdout');
    await api.beginAgain();
    await append(0, 'begun\n', runLogKey({ runId, attempt: 2 }, 'stdout'));
    await until(() => log.text() === 'begun\n');
    await api.endRun(runId, 2);
    await log.ended;
  });

  it('is read once, however many follow it', async () => {
    const many = await Promise.all(Array.from({ length: 40 }, () => follow('logs/stdout')));
    await append(0, 'for all\n');
    await until(() => many.every((log) => log.text() === 'for all\n'));
    await api.endRun(runId);
    await Promise.all(many.map(({ ended }) => ended));
    expect(reads).toBe(1);
  });

  it('is not looked at any more when its followers are gone', async () => {
    const controller = new AbortController();
    const { authorization } = api.alice;
    const response = await fetch(url('logs/stdout?follow'), {
      headers: { authorization },
      signal: controller.signal,
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    controller.abort();
    // A server that still had the stream open would not close.
    await api.app.close();
  });

  it('ends with the server, so that its followers go elsewhere', async () => {
    const { authorization } = api.alice;
    const response = await fetch(url('logs/stdout?follow'), { headers: { authorization } });
    const text = response.text();
    await api.app.close();
    expect(await text).toBe('retry: 2000\n\n');
  });

  it('is given in part: its last lines', async () => {
    await append(0, 'one\ntwo\n\nfour');
    const tail = async (count: string): Promise<string> => {
      const response = await api.app.inject({
        url: api.url(runId, `logs/stdout?tail=${count}`),
        headers: api.alice,
      });
      return response.body;
    };
    expect(await tail('0')).toBe('');
    expect(await tail('1')).toBe('four');
    expect(await tail('2')).toBe('\nfour');
    expect(await tail('3')).toBe('two\n\nfour');
    expect(await tail('100')).toBe('one\ntwo\n\nfour');
    await append(13, '\n');
    expect(await tail('1')).toBe('four\n');
    await append(14, 'x'.repeat(200_000));
    expect(await tail('2')).toBe(`four\n${'x'.repeat(200_000)}`);
    await api.endRun(runId);
    const followed = await events('logs/stdout?follow&tail=1');
    expect(followed.at(0)).toMatchObject({ data: { offset: 14 } });
    expect(followed.at(-1)).toMatchObject({ event: 'end', data: { size: 200_014 } });
  });

  it.each(['tail=-1', 'tail=x', 'tail=1.5', 'follow=maybe'])(
    'can not be asked for by %s',
    async (query) => {
      const request = { url: api.url(runId, `logs/stdout?${query}`), headers: api.alice };
      const response = await api.app.inject(request);
      expect(response.statusCode).toBe(400);
      expect(response.json<{ msg: string }>().msg).toContain(query.split('=')[0]);
    },
  );

  it('does not go on from an id that is none of its own', async () => {
    const headers = { ...api.alice, 'last-event-id': 'x' };
    const response = await api.app.inject({ url: api.url(runId, 'logs/stdout?follow'), headers });
    expect(response.statusCode).toBe(400);
    expect(response.json<{ msg: string }>().msg).toContain('Last-Event-ID');
  });

  it('of somebody else is not found', async () => {
    const response = await api.app.inject({
      url: api.url(runId, 'logs/stdout?follow'),
      headers: api.bob,
    });
    expect(response.statusCode).toBe(404);
  });
});
