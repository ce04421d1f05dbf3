import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/runs/json.ts';
import { startEngineRun, type EngineRun } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { nextflowRequest } from '../../support/nextflow-samples.ts';
import { describeWith } from '../../support/suite.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const { engine, installation, missing } = await findEngine('nextflow');

const read = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');
const files = Object.fromEntries([
  ...readdirSync(join(EXAMPLES, 'cwl/reads')).map((name) => [
    `reads/${name}`,
    read(`cwl/reads/${name}`),
  ]),
  ...['fastq-qc.nf', 'failing.nf'].map((name) => [name, read(`nextflow/${name}`)]),
]) as Readonly<Record<string, string>>; // fromEntries does not know the types of pairs

describeWith('the Nextflow examples', missing, () => {
  let run: EngineRun | undefined;
  afterEach(async () => {
    await run?.remove();
    run = undefined;
  });

  async function start(workflowUrl: string, workflowParams: JsonObject): Promise<EngineRun> {
    if (installation === undefined) throw new Error('this suite needs nextflow');
    const request = nextflowRequest({ workflowUrl, workflowParams });
    engine.checkRequest(request, { allowedFileRoots: [] });
    run = await startEngineRun(engine, installation, { request, files });
    return run;
  }

  test('fastq-qc measures three samples in seven tasks', { timeout: 120_000 }, async () => {
    const inputs = JSON.parse(read('nextflow/fastq-qc.inputs.json')) as JsonObject; // our own file
    const { exited, directory, events } = await start('fastq-qc.nf', inputs);
    const outcome = await engine.classify(await exited, directory);
    expect(outcome, outcome.reason).toMatchObject({ state: 'COMPLETE' });
    expect((await events()).filter(({ type }) => type === 'ended')).toHaveLength(7);
    expect((await engine.outputs(directory)).object).toEqual({
      results: ['report.tsv', ...[1, 2, 3].map((n) => `trimmed/sample-${n}.trimmed.fastq`)].map(
        (path) => `wes-output:results/${path}`,
      ),
    });
    const report = await readFile(join(directory.outputs, 'results/report.tsv'), 'utf8');
    expect(report.split('\n').map((line) => line.split('\t')[0])).toEqual(
      expect.arrayContaining(['sample', 'sample-1', 'sample-2', 'sample-3']),
    );
  });

  test('failing tells the third task, its exit code and words', { timeout: 120_000 }, async () => {
    const { exited, directory, events } = await start('failing.nf', {});
    const { state, reason } = await engine.classify(await exited, directory);
    expect(state).toBe('EXECUTOR_ERROR');
    expect(reason).toContain("Task 'align' failed with exit code 3");
    expect(reason).toContain('the reference has no chromosome chr23');
    expect((await events()).filter(({ type }) => type === 'started')).toHaveLength(3);
  });
});
