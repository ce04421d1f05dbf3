import { expect, test } from 'vitest';
import { makeSchedule } from '../../chaos/schedule.ts';
import { planRun } from '../../chaos/workload.ts';
import { Random } from '../../chaos/random.ts';

const LONG = { minutes: 20, database: 'mariadb', seed: 7 } as const;

test('the same seed gives the same schedule and the same runs, another seed others', () => {
  expect(makeSchedule(LONG)).toEqual(makeSchedule(LONG));
  expect(makeSchedule({ ...LONG, seed: 8 })).not.toEqual(makeSchedule(LONG));
  const plan = (seed: number) =>
    planRun(new Random(seed), 'label', { markDirectory: '/marks', hasCwl: true, maxPriority: 3 });
  expect(plan(1)).toEqual(plan(1));
  expect(plan(2)).not.toEqual(plan(1));
});

test('twenty minutes hold at least 200 kills of daemons, 30 of the API and 10 of the database', () => {
  const count = (kind: string) => makeSchedule(LONG).filter((fault) => fault.kind === kind).length;
  expect(count('kill daemon')).toBeGreaterThanOrEqual(200);
  expect(count('kill api')).toBeGreaterThanOrEqual(30);
  expect(count('kill database')).toBeGreaterThanOrEqual(10);
});

test('a file can not be killed, and a server is not locked', () => {
  const kinds = (database: 'sqlite' | 'mariadb') =>
    new Set(makeSchedule({ ...LONG, database }).map(({ kind }) => kind));
  expect(kinds('sqlite')).not.toContain('kill database');
  expect(kinds('sqlite')).toContain('lock database');
  expect(kinds('mariadb')).not.toContain('lock database');
});

test('faults come in order and within the time', () => {
  const times = makeSchedule(LONG).map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(Math.max(...times)).toBeLessThan(20 * 60_000);
});
