import { afterEach, beforeEach, expect, test } from 'vitest';
import { TaskPages } from '../../../src/cli/client/task-pages.ts';
import { clientFor } from '../../support/server.ts';
import { startScriptedServer, type ScriptedServer } from '../../support/scripted-server.ts';

const ROUTE = 'GET /ga4gh/wes/v1/runs/r/tasks';
let server: ScriptedServer;
let pages: TaskPages;
/** The tasks that the server has, two on each page; the ended ones are in capitals. */
let tasks = '';

beforeEach(async () => {
  server = await startScriptedServer({
    [ROUTE]: ({ path }) => {
      const from = Number(new URL(path, 'http://server').searchParams.get('page_token') ?? 0);
      const task_logs = [...tasks.slice(from, from + 2)].map((id) => ({
        ...{ id, name: id },
        ...(id === id.toUpperCase() && { end_time: '2026-01-02T03:04:05Z' }),
      }));
      const next_page_token = from + 2 < tasks.length ? String(from + 2) : '';
      return { body: { task_logs, next_page_token } };
    },
  });
  pages = new TaskPages(clientFor(server.url), 'r');
});
afterEach(() => server.close());

async function read(now: string): Promise<{ ids: string; asked: readonly string[] }> {
  tasks = now;
  const before = server.requests.length;
  const ids = (await pages.read()).map(({ id }) => id).join('');
  const asked = server.requests.slice(before).map(({ path }) => {
    return new URL(path, 'http://server').searchParams.get('page_token') ?? 'first';
  });
  return { ids, asked };
}

test('a page on which all tasks have ended is asked for once', async () => {
  expect(await read('ABCdEF')).toEqual({ ids: 'ABCdEF', asked: ['first', '2', '4'] });
  // The last page is not full for good, even where it is full.
  expect(await read('ABCDEFg')).toEqual({ ids: 'ABCDEFg', asked: ['2', '4', '6'] });
  expect(await read('ABCDEFGHi')).toEqual({ ids: 'ABCDEFGHi', asked: ['6', '8'] });
});

test('all pages are asked for again when they are to be forgotten', async () => {
  await read('ABCD');
  pages.forget();
  expect(await read('abcd')).toEqual({ ids: 'abcd', asked: ['first', '2'] });
});

test('pages of a server that gives other tokens than before are asked for again', async () => {
  await read('abCDEF');
  server.on(ROUTE, ({ path }) => {
    const token = new URL(path, 'http://server').searchParams.get('page_token');
    const id = token ?? 'x';
    return { body: { task_logs: [{ id, name: id }], next_page_token: token ? '' : 'y' } };
  });
  expect(await read('')).toEqual({ ids: 'xy', asked: ['first', 'y'] });
});

test('a server that has no task yet has one page', async () => {
  expect(await read('')).toEqual({ ids: '', asked: ['first'] });
  expect(await read('a')).toEqual({ ids: 'a', asked: ['first'] });
});
