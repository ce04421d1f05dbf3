import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runChaos } from '../../chaos/chaos.ts';
import type { Plant } from '../../chaos/options.ts';

vi.setConfig({ testTimeout: 300_000 });

/** The rules that a short run with this fault in its daemons finds violated. */
async function rulesBrokenBy(plant: Plant | undefined): Promise<readonly string[]> {
  const root = await mkdtemp(join(tmpdir(), 'wes-chaos-test-'));
  const options = { minutes: 0.3, database: 'sqlite', seed: 5, isKept: false, plant } as const;
  const report = await runChaos(
    root,
    { ...options, jsonFile: undefined },
    new AbortController().signal,
  );
  expect(report.runs).toBeGreaterThan(10);
  expect(report.faults['kill daemon']).toBeGreaterThan(0);
  return report.violations.map(({ rule, detail }) => `${rule}: ${detail}`);
}

test('a short run against the service as it is finds nothing', async () => {
  expect(await rulesBrokenBy(undefined)).toEqual([]);
});

test('a daemon that takes every lease for its own is found to execute runs twice', async () => {
  const broken = await rulesBrokenBy('no-lease-check');
  expect(broken.join('\n')).toMatch(/no run is executed twice at once|a run ends as its workflow/);
});

test('CANCELED before the processes are gone is found', async () => {
  const broken = await rulesBrokenBy('canceled-too-early');
  expect(broken.join('\n')).toContain('nothing of an ended run is alive: CANCELED');
});

test('a paused run that goes on is found', async () => {
  const broken = await rulesBrokenBy('paused-in-name-only');
  expect(broken.join('\n')).toContain('a paused run stands still');
});

test('moves that the history does not tell are found', async () => {
  const broken = await rulesBrokenBy('lost-transition');
  expect(broken.join('\n')).toContain('the history is a chain');
});

test('a removed run whose files stay is found', async () => {
  const broken = await rulesBrokenBy('kept-storage');
  expect(broken.join('\n')).toContain('nothing of a removed run is left');
});
