import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { NewRun, RunSummary } from '../../../src/runs/run.ts';
import type { RunFilter, RunListQuery, RunStore } from '../../../src/runs/run-store.ts';
import { newRun, runIn, uniqueName } from '../../support/sample-runs.ts';

type Sample = NewRun & { readonly state: RunSummary['state'] };

const STATES = ['QUEUED', 'INITIALIZING', 'RUNNING', 'COMPLETE', 'CANCELED'] as const;
const OWNERS = [uniqueName('owner'), uniqueName('owner'), uniqueName('Owner')];
const TAGS = [{ a: '1' }, { a: '1', b: '2' }, { b: '2', c: 'x:y' }, {}];
const TYPES = ['CWL', 'WDL', 'cwl'];

export function describeListing(store: () => RunStore): void {
  const samples: Sample[] = [];

  /** What a list must give, worked out in memory over the runs of this suite. */
  function expected(query: RunListQuery): string[] {
    const ids = samples.filter((run) => matches(run, query)).map((run) => run.runId);
    const ordered = query.order === 'newest_first' ? ids.toReversed() : ids;
    const { after } = query;
    const rest = ordered.filter(
      (id) => after === undefined || (query.order === 'newest_first' ? id < after : id > after),
    );
    return rest.slice(0, query.limit);
  }

  async function listed(query: RunListQuery): Promise<string[]> {
    return (await store().listRuns(query)).map((run) => run.runId);
  }

  describe('listRuns', () => {
    beforeAll(async () => {
      for (let index = 0; index < 60; index += 1) samples.push(await createSample(store(), index));
    });

    const someOf = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
    const filters: fc.Arbitrary<RunFilter> = fc.record(
      {
        states: someOf(STATES),
        workflowType: fc.constantFrom(...TYPES, 'none'),
        tags: someOf([
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
          { key: 'c', value: 'x:y' },
          { key: 'A', value: '1' },
        ]),
        createdFrom: fc.integer({ min: 900, max: 1100 }),
        createdBefore: fc.integer({ min: 900, max: 1100 }),
      },
      { requiredKeys: [] },
    );

    test('gives the runs of every combination of filters, page by page', async () => {
      await fc.assert(
        fc.asyncProperty(
          filters,
          fc.constantFrom(...OWNERS),
          fc.constantFrom('newest_first' as const, 'oldest_first' as const),
          fc.integer({ min: 1, max: 8 }),
          async (filter, owner, order, limit) => {
            const query = { ...filter, owner, order, limit };
            let after: string | undefined;
            do {
              const page = after === undefined ? query : { ...query, after };
              const ids = await listed(page);
              expect(ids).toEqual(expected(page));
              after = ids.at(-1);
            } while (after !== undefined);
            const all = expected({ ...query, limit: Infinity });
            expect(await store().countRuns({ ...filter, owner })).toBe(all.length);
          },
        ),
        { numRuns: 80 },
      );
    });

    test('gives chosen runs of any owner', async () => {
      const runIds = [samples[3], samples[10], samples[17]].map((run) => run?.runId ?? '');
      const query = {
        runIds: [...runIds, 'none', 'a\0b'],
        order: 'oldest_first',
        limit: 9,
      } as const;
      expect(await listed({ ...query, runIds })).toEqual(runIds);
      expect(await listed(query)).toEqual([]);
    });

    test('gives nothing for an empty choice of runs or states', async () => {
      expect(await listed({ runIds: [], order: 'newest_first', limit: 9 })).toEqual([]);
      expect(await listed({ states: [], order: 'newest_first', limit: 9 })).toEqual([]);
      expect(await store().countRuns({ runIds: [] })).toBe(0);
      expect(await store().countRuns({ owner: 'a\0' })).toBe(0);
    });

    test('gives state, tags and times of each run', async () => {
      const { run } = await runIn(store(), 'COMPLETE', { request: { tags: { 'é\0': '' } } });
      const stored = await store().getRun(run.runId);
      const [row] = await store().listRuns({
        runIds: [run.runId],
        order: 'newest_first',
        limit: 1,
      });
      expect(row).toEqual({
        runId: run.runId,
        state: 'COMPLETE',
        tags: { 'é\0': '' },
        startedAt: stored?.startedAt,
        endedAt: stored?.endedAt,
      });
    });

    test('takes key and value of a tag apart', async () => {
      const owner = uniqueName('owner');
      await store().createRun(newRun({ owner, request: { tags: { 'a:b': 'c' } } }));
      const count = (key: string, value: string) =>
        store().countRuns({ owner, tags: [{ key, value }] });
      expect(await count('a:b', 'c')).toBe(1);
      expect(await count('a', 'b:c')).toBe(0);
      expect(await count('a:b', 'C')).toBe(0);
      expect(await count('a:b', 'c ')).toBe(0);
    });

    test('takes hundreds of tags in one filter, repeated ones too', async () => {
      const tags = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`key-${n}`, 'v']));
      const { runId } = await created(tags);
      await created({ 'key-0': 'v' });
      const wanted = Object.entries(tags).map(([key, value]) => ({ key, value }));
      const found = await store().listRuns({
        tags: [...wanted, ...wanted.slice(0, 2)],
        order: 'newest_first',
        limit: 10,
      });
      expect(found.map((run) => run.runId)).toEqual([runId]);
    });

    async function created(tags: Record<string, string>) {
      const run = newRun({ request: { tags } });
      await store().createRun(run);
      return run;
    }
  });
}

async function createSample(store: RunStore, index: number): Promise<Sample> {
  const pick = <T>(values: readonly [T, ...T[]] | readonly T[], step: number): T => {
    const value = values[Math.floor(index / step) % values.length];
    if (value === undefined) throw new Error('There are no values.');
    return value;
  };
  const state = pick(STATES, 1);
  const fields = {
    owner: pick(OWNERS, 3),
    createdAt: 950 + ((index * 37) % 100),
    request: { tags: pick(TAGS, 2), workflowType: pick(TYPES, 5) },
  };
  if (state === 'QUEUED') {
    const run = newRun(fields);
    await store.createRun(run);
    return { ...run, state };
  }
  const { run } = await runIn(store, state, fields);
  return { ...run, attachments: [], state };
}

function matches(run: Sample, filter: RunFilter): boolean {
  const tags = Object.entries(run.request.tags ?? {});
  return (
    (filter.owner === undefined || run.owner === filter.owner) &&
    (filter.states === undefined || filter.states.includes(run.state)) &&
    (filter.workflowType === undefined || run.request.workflowType === filter.workflowType) &&
    (filter.createdFrom === undefined || run.createdAt >= filter.createdFrom) &&
    (filter.createdBefore === undefined || run.createdAt < filter.createdBefore) &&
    (filter.tags ?? []).every((tag) => tags.some(([k, v]) => k === tag.key && v === tag.value))
  );
}
