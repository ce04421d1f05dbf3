import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { openCache } from '../../../src/daemon/caches.ts';
import { openDatabase, type Database } from '../../../src/db/open.ts';
import { runLogKey } from '../../../src/runs/storage-keys.ts';
import { createLocalStorage } from '../../../src/storage/local.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { runCli } from '../../support/run-cli.ts';
import { claimedRun, runIn } from '../../support/sample-runs.ts';

let directory: string;
let database: Database;
let storage: Storage;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wes-prune-'));
  database = await openDatabase(`sqlite:${join(directory, 'wes.db')}`);
  await database.migrate();
  storage = createLocalStorage({ root: join(directory, 'storage') });
});
afterEach(async () => {
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

const prune = (...args: readonly string[]) =>
  runCli(['prune', ...args], { environment: { DATA_DIR: directory } });

async function endedDaysAgo(days: number, state: 'COMPLETE' | 'SYSTEM_ERROR', owner = 'alice') {
  const at = Date.now() - days * 24 * 60 * 60 * 1000;
  const { run, lease } = await claimedRun(database.runs, { owner, createdAt: at - 1 });
  await database.runs.moveRun({ ...lease, to: 'RUNNING', at, reason: '' });
  await database.runs.moveRun({ ...lease, to: state, at, reason: '' });
  await storage.put(runLogKey({ ...run, attempt: 1 }, 'stdout'), Readable.from(['said']));
  return run.runId;
}

const isThere = async (runId: string) => (await database.runs.getRun(runId)) !== undefined;
const hasLog = async (runId: string) =>
  (await storage.stat(runLogKey({ runId, attempt: 1 }, 'stdout'))) !== undefined;

test('old runs are removed with their files, and those that live or are younger stay', async () => {
  const old = await endedDaysAgo(40, 'COMPLETE');
  const young = await endedDaysAgo(20, 'COMPLETE');
  const { run: live } = await runIn(database.runs, 'RUNNING');
  const dry = await prune('--runs-older-than', '30d', '--dry-run');
  expect(dry.stdout).toContain(`${old} would be removed`);
  expect(await isThere(old)).toBe(true);
  const { code, stdout } = await prune('--runs-older-than', '30d');
  expect([code, stdout]).toEqual([EXIT.ok, 'Removed 1 run.\n']);
  expect([await isThere(old), await hasLog(old)]).toEqual([false, false]);
  expect([await isThere(young), await hasLog(young)]).toEqual([true, true]);
  expect((await prune('--runs-older-than', '0s')).stdout).toBe('Removed 1 run.\n');
  expect(await isThere(live.runId)).toBe(true);
});

test('logs alone are removed, of one user and of some states', async () => {
  const wanted = await endedDaysAgo(40, 'SYSTEM_ERROR', 'bob');
  const otherState = await endedDaysAgo(40, 'COMPLETE', 'bob');
  const otherOwner = await endedDaysAgo(40, 'SYSTEM_ERROR');
  const filter = ['--owner', 'bob', '--state', 'SYSTEM_ERROR,CANCELED'];
  const { stdout } = await prune('--logs-older-than', '30d', ...filter);
  expect(stdout).toBe('Removed the logs of 1 run.\n');
  expect(await hasLog(wanted)).toBe(false);
  expect((await database.runs.getRun(wanted))?.logsRemovedAt).toBeDefined();
  expect(await hasLog(otherState)).toBe(true);
  expect(await hasLog(otherOwner)).toBe(true);
});

test('caches are removed that no run has used since, but not of a run that has not ended', async () => {
  const root = join(directory, 'cache');
  const old = await endedDaysAgo(40, 'COMPLETE');
  const young = await endedDaysAgo(40, 'COMPLETE');
  const { run: live } = await runIn(database.runs, 'RUNNING');
  const at = Date.now() - 40 * 24 * 60 * 60 * 1000;
  for (const runId of [old, live.runId]) await openCache(root, { runId }, at);
  await openCache(root, { runId: young }, Date.now());
  const dry = await prune('--caches-older-than', '30d', '--dry-run');
  expect(dry.stdout).toBe(
    `The cache of ${old} would be removed: last used ${new Date(at).toISOString()}\n`,
  );
  const { code, stdout } = await prune('--caches-older-than', '30d');
  expect([code, stdout]).toEqual([EXIT.ok, 'Removed 1 cache.\n']);
  expect(readdirSync(root).toSorted()).toEqual([young, live.runId].toSorted());
});

test.each([
  [[], /Say what is to be removed/],
  [['--runs-older-than', 'old'], /is no age/],
  [['--runs-older-than', '1d', '--state', 'RUNNING'], /"RUNNING" is none of COMPLETE/],
  [['--runs-older-than', '1d', '--state', 'frob'], /"frob" is none of/],
  [['--caches-older-than', '1d', '--owner', 'bob'], /not among caches/],
])('%j is wrong usage', async (args, message) => {
  const { code, stderr } = await prune(...args);
  expect(code).toBe(EXIT.usage);
  expect(stderr).toMatch(message);
});
