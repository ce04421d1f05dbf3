import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runChaos } from '../../chaos/chaos.ts';
import type { Plant } from '../../chaos/options.ts';

vi.setConfig({ testTimeout: 300_000 });

/** On a busy machine less happens in a run of this length, and what a fault would break may not be tried at all. */
const SEEDS = [5, 6, 7];

/** The rules that a short run with this fault in its daemons finds violated. */
async function rulesBrokenBy(plant: Plant | undefined, seed: number): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'wes-chaos-test-'));
  const options = { minutes: 0.3, database: 'sqlite', seed, isKept: false, plant } as const;
  const report = await runChaos(
    root,
    { ...options, jsonFile: undefined },
    new AbortController().signal,
  );
  expect(report.runs).toBeGreaterThan(10);
  expect(report.faults['kill daemon']).toBeGreaterThan(0);
  return report.violations.map(({ rule, detail }) => `${rule}: ${detail}`).join('\n');
}

async function expectFound(plant: Plant, rule: RegExp): Promise<void> {
  let broken = '';
  for (const seed of SEEDS) {
    broken = await rulesBrokenBy(plant, seed);
    if (rule.test(broken)) break;
  }
  expect(broken).toMatch(rule);
}

test('a short run against the service as it is finds nothing', async () => {
  expect(await rulesBrokenBy(undefined, 5)).toBe('');
});

test('a daemon that takes every lease for its own is found to execute runs twice', async () => {
  await expectFound(
    'no-lease-check',
    /no run is executed twice at once|a run ends as its workflow/,
  );
});

test('CANCELED before the processes are gone is found', async () => {
  await expectFound('canceled-too-early', /nothing of an ended run is alive: CANCELED/);
});

test('a paused run that goes on is found', async () => {
  await expectFound('paused-in-name-only', /a paused run stands still/);
});

test('moves that the history does not tell are found', async () => {
  await expectFound('lost-transition', /the history is a chain/);
});

test('a removed run whose files stay is found', async () => {
  await expectFound('kept-storage', /nothing of a removed run is left/);
});
