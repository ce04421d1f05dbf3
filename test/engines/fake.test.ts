import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeEngine } from '../../src/engines/fake.ts';
import { runDirectory } from '../../src/runs/run-directory.ts';

describe('the fake engine', () => {
  const engine = createFakeEngine();
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'wes-fake-engine-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  test('is installed everywhere', async () => {
    const found = await engine.detect(async () => undefined, { installRoot: root });
    expect(found).toEqual([{ engine: 'fake', version: '1.0', launcher: ['fake-engine'] }]);
  });

  test('reads complete lines of events only, and goes on from there', async () => {
    const directory = { ...runDirectory(root, 'r', 1), events: join(root, 'events.jsonl') };
    expect(await engine.tasks(directory, 0)).toEqual({ events: [], cursor: 0 });
    const first = '{"type":"ended","taskId":"ä","at":1,"notes":[]}\n';
    await writeFile(directory.events, `${first}{"type":"en`);
    const read = await engine.tasks(directory, 0);
    expect(read.events).toEqual([{ type: 'ended', taskId: 'ä', at: 1, notes: [] }]);
    expect(read.cursor).toBe(Buffer.byteLength(first));
  });

  test.each([
    [0, 'COMPLETE'],
    [3, 'EXECUTOR_ERROR'],
  ])('takes exit code %i for %s', async (exitCode, state) => {
    expect(await engine.classify(exitCode, runDirectory(root, 'r', 1))).toMatchObject({ state });
  });

  test('refuses work that is no object', () => {
    const request = {
      workflowType: 'FAKE',
      workflowTypeVersion: '1.0',
      workflowUrl: 'https://example.org/w',
    };
    const limits = { allowedFileRoots: [] };
    expect(() => engine.checkRequest(request, limits)).not.toThrow();
    expect(() => engine.checkRequest({ ...request, workflowParams: { fake: 3 } }, limits)).toThrow(
      /workflow_params/,
    );
  });
});
