import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readStory, readTaskEvents } from '../../../src/engines/driven/events.ts';

let directory = '';
let path = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wes-events-'));
  path = join(directory, 'events.jsonl');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const line = (event: object): string => `${JSON.stringify(event)}\n`;
const START = { event: 'task_started', task: '1', at: 1, name: 'a', command: ['b', 2], cores: 1 };
const END = { event: 'task_ended', task: '1', at: 2, exit_code: 0, status: 'success' };

test('a start and an end are told with their facts', async () => {
  const start = { ...START, stdout: '/o', stderr: '/e', image: 'debian:12', ram_mib: 256 };
  await writeFile(path, line(start) + line({ ...END, exit_code: 3, error: 'no output' }));
  const { events } = await readTaskEvents(path, 0);
  expect(events).toEqual([
    {
      ...{ type: 'started', taskId: '1', at: 1, name: 'a', command: ['b', '2'] },
      ...{ stdoutPath: '/o', stderrPath: '/e' },
      notes: ['image: debian:12', 'cores: 1', 'memory: 256 MiB'],
    },
    { type: 'ended', taskId: '1', at: 2, exitCode: 3, notes: ['no output'] },
  ]);
});

test('a line that is no event is skipped', async () => {
  await writeFile(path, `${line(START)}not JSON\n[1]\n"text"\n${line(END)}`);
  const { events } = await readTaskEvents(path, 0);
  expect(events.map(({ type }) => type)).toEqual(['started', 'ended']);
});

test('a pipe in the place of the file is not waited for', async () => {
  execFileSync('mkfifo', [path]);
  await expect(readTaskEvents(path, 0)).rejects.toThrow('is not a file');
  await expect(readStory(path)).rejects.toThrow('is not a file');
});

test('a task without an exit code has none', async () => {
  await writeFile(path, line({ ...END, exit_code: null }));
  expect((await readTaskEvents(path, 0)).events).toEqual([
    { type: 'ended', taskId: '1', at: 2, notes: [] },
  ]);
});

test('a cached task begins and ends in one moment', async () => {
  await writeFile(path, line({ event: 'task_cached', task: '4', at: 9, name: 'sort' }));
  const { events } = await readTaskEvents(path, 0);
  expect(events.map(({ type, at }) => [type, at])).toEqual([
    ['started', 9],
    ['ended', 9],
  ]);
});

test('an incomplete line waits for its rest', async () => {
  const whole = line(START);
  await writeFile(path, whole + whole.slice(0, 10));
  const first = await readTaskEvents(path, 0);
  expect(first.events).toHaveLength(1);
  expect(first.cursor).toBe(whole.length);
  await appendFile(path, whole.slice(10));
  expect((await readTaskEvents(path, first.cursor)).events).toHaveLength(1);
});

test('bytes are counted, not characters', async () => {
  await writeFile(path, line({ ...START, name: 'größe 🧬' }) + line(END));
  const { cursor } = await readTaskEvents(path, 0);
  expect(await readTaskEvents(path, cursor)).toEqual({ events: [], cursor });
});

test('a line longer than one reading is read whole, a long file in pieces', async () => {
  const long = line({ ...START, command: ['x'.repeat(9 * 1024 * 1024)] });
  await writeFile(path, long + line(END));
  const first = await readTaskEvents(path, 0);
  const second = await readTaskEvents(path, first.cursor);
  expect([...first.events, ...second.events]).toHaveLength(2);
});

test('other events are not about tasks', async () => {
  await writeFile(path, `${line({ event: 'engine_ended', status: 'success' })}7\n\n`);
  expect((await readTaskEvents(path, 0)).events).toEqual([]);
});

test('a path that can not be read is an error, unlike one that is not there yet', async () => {
  await expect(readTaskEvents(directory, 0)).rejects.toThrow('is not a file');
  expect(await readTaskEvents(path, 0)).toEqual({ events: [], cursor: 0 });
});

test('the story has the ends of tasks and of the engine', async () => {
  const stderr = { stderr: '/e' };
  const ended = { event: 'engine_ended', status: 'permanentFail', message: 'm' };
  await writeFile(path, line({ ...START, ...stderr }) + line({ ...END, status: 'permanentFail' }));
  expect(await readStory(path)).toEqual({
    endedTasks: 1,
    failedTasks: [{ name: 'a', exitCode: 0, failed: true, stderrPath: '/e' }],
  });
  await appendFile(path, line(ended));
  expect((await readStory(path)).end).toEqual({ status: 'permanentFail', message: 'm' });
});

test('the story of very many tasks has those that failed, and a count of all', async () => {
  const tasks = Array.from({ length: 20_000 }, (_none, index) => String(index));
  const ofTask = (task: string) => {
    const status = task === '7' || task === '19999' ? 'permanentFail' : 'success';
    return line({ ...START, task, name: `n${task}` }) + line({ ...END, task, status });
  };
  await writeFile(path, tasks.map(ofTask).join(''));
  const { endedTasks, failedTasks } = await readStory(path);
  expect(endedTasks).toBe(20_000);
  expect(failedTasks.map(({ name }) => name)).toEqual(['n7', 'n19999']);
});

test('an unknown status of the engine counts as an error', async () => {
  await writeFile(path, line({ event: 'engine_ended', status: 'wonderful' }));
  expect((await readStory(path)).end).toEqual({ status: 'error', message: '' });
});
