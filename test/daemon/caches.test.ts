import { existsSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as newRunId } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  listCaches,
  openCache,
  removeCache,
  removeLeftovers,
  touchCache,
} from '../../src/daemon/caches.ts';

let directory: string;
let root: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wes-caches-'));
  root = join(directory, 'cache');
});
afterEach(() => rm(directory, { recursive: true }));

const open = (runId: string, rerunOf?: string, at = 1000) =>
  openCache(root, { runId, ...(rerunOf !== undefined && { rerunOf }) }, at);

test('a run gets a private directory of its own, and the same at each attempt', async () => {
  const runId = newRunId();
  const cache = await open(runId);
  expect(cache).toBe(join(root, runId));
  for (const path of [root, cache]) expect(statSync(path).mode & 0o777).toBe(0o700);
  await writeFile(join(cache, 'result'), '');
  expect(await open(runId)).toBe(cache);
  expect(existsSync(join(cache, 'result'))).toBe(true);
  expect(await open(newRunId())).not.toBe(cache);
});

test('a run that repeats another joins it, and so does one that repeats that', async () => {
  const [first, second, third] = [newRunId(), newRunId(), newRunId()];
  const cache = await open(first);
  expect(await open(second, first)).toBe(cache);
  expect(await open(third, second)).toBe(cache);
  expect(readlinkSync(join(root, third))).toBe(first);
  expect(await open(third, second)).toBe(cache);
  expect(await listCaches(root)).toEqual([
    { name: first, runIds: [first, second, third].toSorted(), usedAt: 1000 },
  ]);
});

test('a run that repeats one without a cache here begins one of its own', async () => {
  const runId = newRunId();
  expect(await open(runId, newRunId())).toBe(join(root, runId));
});

test('links that lead elsewhere are not followed', async () => {
  const [first, second] = [newRunId(), newRunId()];
  const elsewhere = join(directory, 'elsewhere');
  await mkdir(elsewhere);
  await mkdir(root);
  await symlink(elsewhere, join(root, first));
  expect(await open(second, first)).toBe(join(root, second));
  expect(await open(first)).toBe(join(root, first));
  expect(statSync(join(root, first)).isDirectory()).toBe(true);
});

test('each use is noted, by any of its runs', async () => {
  const [first, second] = [newRunId(), newRunId()];
  await open(first, undefined, 1000);
  await open(second, first, 2000);
  expect((await listCaches(root))[0]?.usedAt).toBe(2000);
  await touchCache(root, second, 3000);
  expect((await listCaches(root))[0]?.usedAt).toBe(3000);
  await touchCache(root, newRunId(), 4000);
  expect(await listCaches(root)).toHaveLength(1);
});

test('one is removed with the names of all its runs, unless it was used since it was listed', async () => {
  const [first, second, other] = [newRunId(), newRunId(), newRunId()];
  const cache = await open(first);
  await open(second, first);
  await open(other);
  await mkdir(join(cache, 'closed'), { mode: 0o500 });
  const listed = (await listCaches(root)).find(({ name }) => name === first);
  if (!listed) throw new Error('not listed');
  await touchCache(root, second, 5000);
  expect(await removeCache(root, listed)).toBe(false);
  expect(existsSync(join(cache, 'closed'))).toBe(true);
  expect(await removeCache(root, { ...listed, usedAt: 5000 })).toBe(true);
  expect((await listCaches(root)).map(({ name }) => name)).toEqual([other]);
  await removeLeftovers(root);
  expect((await listCaches(root)).map(({ name }) => name)).toEqual([other]);
});

test('what a removal that was cut off left is removed, and nothing that is no run’s', async () => {
  const [first, second] = [newRunId(), newRunId()];
  const cache = await open(first);
  await open(second, first);
  await rm(cache, { recursive: true });
  await mkdir(join(root, '.going-1', 'x'), { recursive: true });
  await writeFile(join(root, 'README'), '');
  await removeLeftovers(root);
  expect(existsSync(join(root, '.going-1'))).toBe(false);
  expect(() => readlinkSync(join(root, second))).toThrow('ENOENT');
  expect(existsSync(join(root, 'README'))).toBe(true);
  expect(await open(second, first)).toBe(join(root, second));
});

test('where none was ever asked for there are none', async () => {
  expect(await listCaches(root)).toEqual([]);
  await removeLeftovers(root);
  expect(existsSync(root)).toBe(false);
});
