import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownPlace, removeLeftPlaces } from '../../../src/cli/validation/own-place.ts';
import { readProcess } from '../../../src/executors/process-stat.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes-places-'));
});
afterEach(() => rm(root, { recursive: true }));

const make = (name: string): Promise<unknown> =>
  mkdir(join(root, name, 'run', '0'), { recursive: true });

test('places of processes that are gone are removed, those of living ones stay', async () => {
  const own = basename(await ownPlace(root));
  const child = spawn('sleep', ['300']);
  const { start } = (await readProcess(child.pid ?? 0)) ?? { start: '' };
  const gone = `${hostname()}-${child.pid}-${start}`;
  await make(own);
  await make(gone);
  await removeLeftPlaces(root);
  expect((await readdir(root)).toSorted()).toEqual([gone, own].toSorted());
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  await removeLeftPlaces(root);
  expect(await readdir(root)).toEqual([own]);
});

test('a later process with the same number is another', async () => {
  const own = basename(await ownPlace(root));
  await make(own.replace(/\d+$/, '1'));
  await removeLeftPlaces(root);
  expect(await readdir(root)).toEqual([]);
});

test('places of other machines are removed when they are old, and other things never', async () => {
  await make('elsewhere-1-1');
  await make('long-gone-1-1');
  await make('notes');
  const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
  await utimes(join(root, 'long-gone-1-1'), old, old);
  await utimes(join(root, 'notes'), old, old);
  await removeLeftPlaces(root);
  expect((await readdir(root)).toSorted()).toEqual(['elsewhere-1-1', 'notes']);
});

test('nothing is made, and nothing need be there', async () => {
  const absent = join(root, 'absent');
  expect(dirname(await ownPlace(absent))).toBe(absent);
  await removeLeftPlaces(absent);
  expect(await readdir(root)).toEqual([]);
});
