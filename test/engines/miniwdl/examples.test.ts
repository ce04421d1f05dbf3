import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/runs/json.ts';
import { startEngineRun, type EngineRun } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { wdlRequest } from '../../support/wdl-samples.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const { engine, installation, missing } = await findEngine('miniwdl');

const read = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');
const files = Object.fromEntries([
  ...readdirSync(join(EXAMPLES, 'cwl/reads')).map((name) => [
    `reads/${name}`,
    read(`cwl/reads/${name}`),
  ]),
  ...['fastq-qc.wdl', 'failing.wdl'].map((name) => [name, read(`wdl/${name}`)]),
]) as Readonly<Record<string, string>>; // fromEntries does not know the types of pairs

describeWith('the WDL examples', missing, () => {
  let run: EngineRun | undefined;
  afterEach(async () => {
    await run?.remove();
    run = undefined;
  });

  async function start(workflowUrl: string, workflowParams: JsonObject): Promise<EngineRun> {
    if (installation === undefined) throw new Error('this suite needs miniwdl');
    const request = wdlRequest({ workflowUrl, workflowParams });
    engine.checkRequest(request, { allowedFileRoots: [] });
    run = await startEngineRun(engine, installation, { request, files });
    return run;
  }

  test('fastq-qc measures three samples in seven tasks', async () => {
    const inputs = JSON.parse(read('wdl/fastq-qc.inputs.json')) as JsonObject; // our own file
    const { exited, directory, events } = await start('fastq-qc.wdl', inputs);
    expect(await engine.classify(await exited, directory)).toMatchObject({ state: 'COMPLETE' });
    expect((await events()).filter(({ type }) => type === 'ended')).toHaveLength(7);
    const { object, files: made } = await engine.outputs(directory);
    expect(object['fastq_qc.table']).toBe('wes-output:table/report.tsv');
    expect(made).toHaveLength(4);
    const report = await readFile(join(directory.outputs, 'table/report.tsv'), 'utf8');
    expect(report.split('\n').map((line) => line.split('\t')[0])).toEqual(
      expect.arrayContaining(['sample', 'sample-1', 'sample-2', 'sample-3']),
    );
  });

  test('failing tells the third task with its exit code and words', async () => {
    const { exited, directory, events } = await start('failing.wdl', {});
    const { state, reason } = await engine.classify(await exited, directory);
    expect(state).toBe('EXECUTOR_ERROR');
    expect(reason).toContain("Task 'align' failed with exit code 3");
    expect(reason).toContain('the reference has no chromosome chr23');
    expect((await events()).filter(({ type }) => type === 'started')).toHaveLength(3);
  });
});
