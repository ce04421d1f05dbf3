import { CompiledQuery, Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSqliteDialect } from '../../src/db/dialects/sqlite.ts';
import { createRunStore } from '../../src/db/run-store.ts';
import type { Tables } from '../../src/db/schema.ts';
import type { RunFilter, RunStore } from '../../src/runs/run-store.ts';
import { testDatabases, type TestDatabase } from '../support/databases.ts';

const tags = [{ key: 'a', value: '1' }];
const FILTERS: Readonly<Record<string, RunFilter>> = {
  nothing: {},
  owner: { owner: 'alice' },
  state: { states: ['RUNNING'] },
  'several states': { states: ['RUNNING', 'COMPLETE', 'QUEUED'] },
  'owner and state': { owner: 'alice', states: ['COMPLETE'] },
  'owner and several states': { owner: 'alice', states: ['COMPLETE', 'CANCELED'] },
  'workflow type': { workflowType: 'CWL' },
  tag: { tags },
  'two tags and owner': { tags: [...tags, { key: 'b', value: '2' }], owner: 'alice' },
  'tag and states': { tags, states: ['COMPLETE', 'RUNNING'] },
};

describe('lists of runs', () => {
  const queries: CompiledQuery[] = [];
  let opened: TestDatabase;
  let db: Kysely<Tables>;
  let store: RunStore;

  beforeAll(async () => {
    const sqlite = testDatabases.find(({ name }) => name === 'SQLite');
    if (!sqlite) throw new Error('There is no SQLite.');
    opened = await sqlite.open();
    const dialect = createSqliteDialect(opened.url.replace('sqlite:', ''));
    db = new Kysely<Tables>({
      dialect: dialect.kysely,
      log: ({ query }) => void queries.push(query),
    });
    store = createRunStore({ db, dialect });
  });
  afterAll(async () => {
    await db.destroy();
    await opened.close();
  });

  async function planOf(ask: () => Promise<unknown>): Promise<{ sql: string; plan: string[] }> {
    queries.length = 0;
    await ask();
    const [query] = queries;
    if (!query) throw new Error('Nothing was asked.');
    const explain = CompiledQuery.raw(`explain query plan ${query.sql}`, [...query.parameters]);
    const { rows } = await db.executeQuery<{ detail: string }>(explain);
    return { sql: query.sql, plan: rows.map((row) => row.detail) };
  }

  for (const [name, filter] of Object.entries(FILTERS)) {
    test(`by ${name} read an index in its order and never the large columns`, async () => {
      const query = { ...filter, order: 'newest_first', limit: 20, after: 'f' } as const;
      const { sql, plan } = await planOf(() => store.listRuns(query));
      for (const column of ['"request"', '"outputs"', '"command"', '*']) {
        expect(sql).not.toContain(column);
      }
      const states = Math.max(1, filter.states?.length ?? 0);
      expect(plan.filter((line) => line.includes('run_id<?'))).toHaveLength(states);
      expect(plan.filter((line) => /^SCAN (workflow_runs|run_tags)/.test(line))).toEqual([]);
      // Of several states only what is left is sorted, after each was cut off at the limit.
      if (states === 1) expect(plan.join('\n')).not.toContain('TEMP B-TREE');
    });
  }

  test('by time are read from an index', async () => {
    const filter = { createdFrom: 1, createdBefore: 2, order: 'newest_first', limit: 9 } as const;
    const { plan } = await planOf(() => store.listRuns(filter));
    expect(plan.join('\n')).toContain('USING INDEX runs_by_creation');
  });

  test('are counted by state from an index alone', async () => {
    const { plan } = await planOf(() => store.countByState());
    expect(plan.join('\n')).toContain('USING COVERING INDEX runs_by_state');
  });

  test('that wait are found in an index of the queue', async () => {
    const engines = [{ engine: 'a', versions: ['1', '2'] }];
    const claim = { daemonId: 'd', executor: 'local', at: 1, engines };
    const { plan } = await planOf(() => store.claimRun(claim));
    const searches = plan.filter((line) => line.startsWith('SEARCH'));
    expect(searches).toHaveLength(3); // One for the engine and one for each version.
    for (const line of searches) expect(line).toContain('COVERING INDEX runs_by_turn (queue=?)');
    expect(plan.filter((line) => line.startsWith('SCAN workflow_runs'))).toEqual([]);
  });

  test('under leases are found in an index', async () => {
    const leased = await planOf(() => store.listLeased('d'));
    expect(leased.plan.join('\n')).toContain('USING INDEX runs_by_lease (lease_owner=?)');
    const owners = await planOf(() => store.listLeaseOwners());
    expect(owners.plan.join('\n')).toContain('SEARCH workflow_runs USING COVERING INDEX');
  });
});
