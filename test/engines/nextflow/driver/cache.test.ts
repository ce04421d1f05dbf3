import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCache } from '../../../../src/engines/nextflow/driver/cache.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wes-cache-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('one run at a time has a cache', () => {
  const first = takeCache(directory);
  expect(first).toBeDefined();
  expect(takeCache(directory)).toBeUndefined();
  first?.release();
  expect(readdirSync(directory)).toEqual([]);
  takeCache(directory)?.release();
});

test('a run that is gone does not keep it', () => {
  const holder = { host: hostname(), pid: 1, startTime: 'of another boot' };
  writeFileSync(join(directory, 'lock'), JSON.stringify(holder));
  const taken = takeCache(directory);
  expect(taken).toBeDefined();
  taken?.release();
});

test('a run of another machine keeps it for as long as it says so', () => {
  const lock = join(directory, 'lock');
  writeFileSync(lock, JSON.stringify({ host: 'elsewhere', pid: 1, startTime: '1' }));
  expect(takeCache(directory)).toBeUndefined();
  const before = new Date(Date.now() - 3_600_000);
  utimesSync(lock, before, before);
  const taken = takeCache(directory);
  expect(taken).toBeDefined();
  taken?.release();
});
