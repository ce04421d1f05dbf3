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

test.each(['sqlite', 'mariadb'] as const)(
  'twenty minutes on %s hold more than 200 kills of daemons, 30 of the API and 10 of the database, whatever the seed',
  (database) => {
    const killed = database === 'sqlite' ? 'kill writer of database' : 'kill database';
    for (let seed = 0; seed < 50; seed += 1) {
      const kinds = makeSchedule({ ...LONG, database, seed }).map(({ kind }) => kind);
      const count = (kind: string) => kinds.filter((one) => one === kind).length;
      expect(count('kill daemon')).toBeGreaterThan(200);
      expect(count('kill api')).toBeGreaterThan(30);
      expect(count(killed)).toBeGreaterThan(10);
    }
  },
);

test('a file has a writer that is killed, a server and its network are cut off', () => {
  const kinds = (database: 'sqlite' | 'mariadb') =>
    new Set(makeSchedule({ ...LONG, database }).map(({ kind }) => kind));
  const ofServer = ['kill database', 'stop database', 'cut network', 'hang network'];
  const ofFile = ['kill writer of database', 'lock database'];
  const ofBoth = ['fill work disk', 'fill data disk'];
  expect([...kinds('sqlite')]).toEqual(expect.arrayContaining([...ofFile, ...ofBoth]));
  expect([...kinds('mariadb')]).toEqual(expect.arrayContaining([...ofServer, ...ofBoth]));
  expect([...kinds('sqlite')].filter((kind) => ofServer.includes(kind))).toEqual([]);
  expect([...kinds('mariadb')].filter((kind) => ofFile.includes(kind))).toEqual([]);
});

test('faults come in order and within the time', () => {
  const times = makeSchedule(LONG).map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(Math.max(...times)).toBeLessThan(20 * 60_000);
});
