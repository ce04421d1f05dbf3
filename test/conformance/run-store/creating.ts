import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/runs/json.ts';
import type { RunRequest } from '../../../src/runs/run.ts';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { newRun, uniqueName } from '../../support/sample-runs.ts';

/** Any text, lone surrogates and NUL included. */
const text = fc.string({ unit: 'binary', maxLength: 40 });
const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' });
const request: fc.Arbitrary<Partial<RunRequest>> = fc.record(
  {
    workflowUrl: text,
    workflowTypeVersion: text,
    workflowParams: fc
      .dictionary(text, json)
      .map((o) => JSON.parse(JSON.stringify(o)) as JsonObject),
    tags: fc.dictionary(text, text, { noNullPrototype: true }),
    workflowEngineParameters: fc.dictionary(text, text, { noNullPrototype: true }),
  },
  { requiredKeys: [] },
);

export function describeCreating(store: () => RunStore): void {
  describe('createRun', () => {
    test('a run is read back as it was submitted, whatever characters it holds', async () => {
      await fc.assert(
        fc.asyncProperty(request, async (fields) => {
          const run = newRun({ request: fields });
          await store().createRun(run);
          const stored = await store().getRun(run.runId);
          expect(stored?.request).toEqual(run.request);
          const tags = Object.entries(run.request.tags ?? {}).map(([key, value]) => ({
            key,
            value,
          }));
          const found = await store().listRuns({
            tags,
            runIds: [run.runId],
            order: 'newest_first',
            limit: 2,
          });
          expect(found.map((row) => row.tags)).toEqual([run.request.tags ?? {}]);
        }),
        { numRuns: 60 },
      );
    });

    test('a run that was just created is QUEUED and has nothing that comes later', async () => {
      const run = newRun({ createdAt: 1_700_000_000_123 });
      expect(await store().createRun(run)).toEqual({ created: true });
      expect(await store().getRun(run.runId)).toEqual({
        runId: run.runId,
        owner: 'alice',
        state: 'QUEUED',
        request: run.request,
        engine: 'cwltool',
        createdAt: 1_700_000_000_123,
        priority: 0,
        attempt: 0,
        pauseRequested: false,
      });
      expect(await store().getRunState(run.runId)).toEqual({
        runId: run.runId,
        owner: 'alice',
        state: 'QUEUED',
        attempt: 0,
      });
      expect(await store().listEvents(run.runId)).toEqual([
        { at: 1_700_000_000_123, to: 'QUEUED', actor: 'user:alice', reason: 'submitted' },
      ]);
    });

    test('attachments are kept in their order, with any name and size', async () => {
      const names = ['b/c.txt', 'a', 'ä\u0000 \ud800', '🧬'.repeat(500), ...manyNames()];
      const attachments = names.map((name) => ({
        name,
        sizeBytes: 5_000_000_000,
        sha256: 'ab'.repeat(32),
      }));
      const run = newRun({ attachments });
      await store().createRun(run);
      expect(await store().listAttachments(run.runId)).toEqual(attachments);
    });

    test('parameters of a megabyte are kept', async () => {
      const workflowParams = { text: 'é🧬"'.repeat(250_000) };
      const run = newRun({ request: { workflowParams } });
      await store().createRun(run);
      expect((await store().getRun(run.runId))?.request.workflowParams).toEqual(workflowParams);
    });

    test('what no indexed column can hold is refused by name', async () => {
      const refused = async (run: ReturnType<typeof newRun>, field: RegExp) => {
        await expect(store().createRun(run)).rejects.toThrow(field);
        expect(await store().getRun(run.runId)).toBeUndefined();
      };
      await refused(newRun({ owner: 'a\0b' }), /owner: contains a NUL/);
      await refused(newRun({ owner: 'a\ud800' }), /owner: is not well-formed/);
      await refused(newRun({ engine: 'x'.repeat(256) }), /workflow_engine: longer than 255/);
      await refused(newRun({ request: { workflowType: '\0' } }), /workflow_type: contains/);
    });

    test('a run id can be used once', async () => {
      const run = newRun();
      await store().createRun(run);
      await expect(store().createRun(run)).rejects.toThrow();
      expect(await store().listEvents(run.runId)).toHaveLength(1);
    });

    test('a run that does not exist is undefined, for any id', async () => {
      for (const runId of ['', 'x', 'a\0b', '\ud800', 'é'.repeat(500)]) {
        expect(await store().getRun(runId)).toBeUndefined();
        expect(await store().getRunState(runId)).toBeUndefined();
      }
    });
  });

  describe('the idempotency key', () => {
    const idempotency = { key: 'k\0\ud800', requestDigest: 'digest 1' };

    test('of a submission that was made before gives the earlier run and writes nothing', async () => {
      const owner = uniqueName('owner');
      const first = newRun({ owner, idempotency });
      const again = newRun({ owner, idempotency: { ...idempotency, requestDigest: 'digest 2' } });
      await store().createRun(first);
      expect(await store().createRun(again)).toEqual({
        created: false,
        runId: first.runId,
        requestDigest: 'digest 1',
      });
      expect(await store().getRun(again.runId)).toBeUndefined();
      expect(await store().listEvents(again.runId)).toEqual([]);
    });

    test('can be looked up: it stands for one run of its owner', async () => {
      const [owner, other] = [uniqueName('owner'), uniqueName('owner')];
      const run = newRun({ owner, idempotency });
      await store().createRun(run);
      const { key, requestDigest } = idempotency;
      expect(await store().findSubmission(owner, key)).toEqual({ runId: run.runId, requestDigest });
      expect(await store().findSubmission(owner, 'another')).toBeUndefined();
      expect(await store().findSubmission(other, key)).toBeUndefined();
    });

    test('is the owner’s own', async () => {
      const results = await Promise.all(
        [uniqueName('owner'), uniqueName('owner')].map((owner) =>
          store().createRun(newRun({ owner, idempotency })),
        ),
      );
      expect(results).toEqual([{ created: true }, { created: true }]);
    });

    test('makes one run of submissions that come at the same moment', async () => {
      const owner = uniqueName('owner');
      const runs = Array.from({ length: 8 }, () => newRun({ owner, idempotency }));
      const results = await Promise.all(runs.map((run) => store().createRun(run)));
      expect(results.filter((result) => result.created)).toHaveLength(1);
      const listed = await store().listRuns({ owner, order: 'newest_first', limit: 10 });
      expect(listed).toHaveLength(1);
      const told = results.flatMap((result) => (result.created ? [] : [result.runId]));
      expect(new Set(told)).toEqual(new Set([listed[0]?.runId]));
    });
  });
}

function manyNames(): string[] {
  return Array.from({ length: 450 }, (_, index) => `file-${index}`);
}
