import { describe, expect, test } from 'vitest';
import type { OutputFile } from '../../../src/runs/run.ts';
import type { RunStore } from '../../../src/runs/run-store.ts';
import { runIn } from '../../support/sample-runs.ts';

function output(path: string): OutputFile {
  return { path, sizeBytes: 9_000_000_000, sha256: 'cd'.repeat(32), mediaType: 'text/plain' };
}

export function describeOutputs(store: () => RunStore): void {
  async function completeWith(paths: readonly string[]): Promise<string> {
    const { run, lease } = await runIn(store(), 'RUNNING');
    const changes = { outputFiles: paths.map(output) };
    await store().moveRun({ ...lease, to: 'COMPLETE', at: 1, reason: '', changes });
    return run.runId;
  }
  const paths = async (runId: string, page: { prefix?: string; after?: string; limit: number }) =>
    (await store().listOutputs(runId, page)).map((file) => file.path);

  describe('output files', () => {
    test('are listed by code points, page by page, and found by path', async () => {
      const ordered = ['A', 'B', 'a', 'a ', 'a/b', 'aa', 'b', 'é', 'ﬀ', '🧬'];
      const runId = await completeWith(ordered.toReversed());
      expect(await paths(runId, { limit: 100 })).toEqual(ordered);
      expect(await paths(runId, { limit: 3, after: 'a' })).toEqual(['a ', 'a/b', 'aa']);
      for (const path of ordered)
        expect(await store().getOutput(runId, path)).toEqual(output(path));
      for (const path of ['', 'a  ', 'É', 'a\0', '\ud800']) {
        expect(await store().getOutput(runId, path)).toBeUndefined();
      }
    });

    test('are narrowed to a prefix, in which no character is special', async () => {
      const runId = await completeWith(['a/1', 'a/2', 'a/🧬', 'ab', 'a_%/1', 'a%']);
      expect(await paths(runId, { prefix: 'a/', limit: 9 })).toEqual(['a/1', 'a/2', 'a/🧬']);
      expect(await paths(runId, { prefix: 'a/', after: 'a/1', limit: 1 })).toEqual(['a/2']);
      expect(await paths(runId, { prefix: 'a_', limit: 9 })).toEqual(['a_%/1']);
      expect(await paths(runId, { prefix: 'A', limit: 9 })).toEqual([]);
      expect(await paths(runId, { prefix: 'a\0', limit: 9 })).toEqual([]);
    });

    test('may be thousands, with paths that share their first 800 characters', async () => {
      const directory = 'd'.repeat(800);
      const many = Array.from(
        { length: 2500 },
        (_, i) => `${directory}/${String(i).padStart(5, '0')}`,
      );
      const runId = await completeWith(many);
      expect(await paths(runId, { limit: 5000 })).toEqual(many);
      const page = { after: many[1233] ?? '', limit: 1 };
      expect(await paths(runId, page)).toEqual([many[1234]]);
    });

    test('that can’t be kept are refused, and the run stays where it was', async () => {
      for (const path of ['x\0', 'x'.repeat(1025), '\ud800']) {
        const { run, lease } = await runIn(store(), 'RUNNING');
        const changes = { outputFiles: [output('a'), output(path)] };
        const move = { ...lease, to: 'COMPLETE', at: 1, reason: '', changes } as const;
        await expect(store().moveRun(move)).rejects.toThrow('output path');
        expect((await store().getRunState(run.runId))?.state).toBe('RUNNING');
        expect(await paths(run.runId, { limit: 9 })).toEqual([]);
      }
    });

    test('are not written with a move that did not happen', async () => {
      const { run, lease } = await runIn(store(), 'RUNNING');
      const changes = { outputFiles: [output('a')] };
      const move = { ...lease, attempt: 9, to: 'COMPLETE', at: 1, reason: '', changes } as const;
      expect(await store().moveRun(move)).toBe(false);
      expect(await paths(run.runId, { limit: 9 })).toEqual([]);
    });
  });
}
