import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import { cwlRequest } from '../../support/cwl-samples.ts';
import { findCwltool } from '../../support/engines.ts';
import { signalGroup, startEngineRun, type EngineRun } from '../../support/engine-run.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/cwl');
const { installation, missing } = await findCwltool();
const engine = createCwltoolEngine();

const examples = Object.fromEntries(
  readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:cwl|fastq)$/.test(name))
    .map((name) => [name, readFileSync(join(EXAMPLES, name), 'utf8')]),
);

describeWith('the CWL examples', missing, () => {
  let run: EngineRun | undefined;
  afterEach(async () => {
    await run?.remove();
    run = undefined;
  });

  async function start(workflowUrl: string, workflowParams: JsonObject): Promise<EngineRun> {
    if (installation === undefined) throw new Error('this suite needs cwltool');
    const request = cwlRequest({ workflowUrl, workflowParams });
    engine.checkRequest(request, { allowedFileRoots: [] });
    run = await startEngineRun(engine, installation, { request, files: examples });
    return run;
  }

  test('fastq-qc measures three samples in eleven tasks', async () => {
    const inputs = JSON.parse(
      readFileSync(join(EXAMPLES, 'fastq-qc.inputs.json'), 'utf8'),
    ) as JsonObject; // our own file
    const { exited, directory, events } = await start('fastq-qc.cwl', { ...inputs, pace: 0 });
    expect(await engine.classify(await exited, directory)).toMatchObject({ state: 'COMPLETE' });
    expect((await events()).filter(({ type }) => type === 'ended')).toHaveLength(11);

    const { files } = await engine.outputs(directory);
    expect(files.map(({ path }) => path).toSorted()).toEqual([
      'kmers.txt',
      'report.tsv',
      'sample-1.trimmed.fastq.gz',
      'sample-2.trimmed.fastq.gz',
      'sample-3.trimmed.fastq.gz',
    ]);
    const report = await readFile(join(directory.outputs, 'report.tsv'), 'utf8');
    expect(report.split('\n')[1]).toMatch(/^sample-1\t220\t15412\t70\.1\t42\.1\t/);
  });

  test('failing tells the third task with its exit code and words', async () => {
    const { exited, directory, events } = await start('failing.cwl', { pace: 0 });
    const { state, reason } = await engine.classify(await exited, directory);
    expect(state).toBe('EXECUTOR_ERROR');
    expect(reason).toContain("Task 'call_variants' failed with exit code 3");
    expect(reason).toContain('the reference has no chromosome chr23');
    expect((await events()).filter(({ type }) => type === 'started')).toHaveLength(3);
  });

  test('hello greets', async () => {
    const { exited, directory } = await start('hello.cwl', { name: 'you' });
    expect(await exited).toBe(0);
    expect(await readFile(join(directory.outputs, 'hello.txt'), 'utf8')).toBe('Hello, you\n');
  });

  test('slow outlives its engine when it is only asked to end, and prints meanwhile', async () => {
    const { process: child, command, directory, exited } = await start('slow.cwl', { seconds: 60 });
    const lines = join(directory.tasks, '1', 'stdout');
    const printed = () => readFile(lines, 'utf8').catch(() => '');
    await until(async () => (await printed()).includes('second 2 of 60'), { timeoutMs: 20_000 });
    signalGroup(child, command.stopSignal);
    expect(await exited).toBe(143);
    await until(async () => (await printed()).includes('second 4 of 60'), { timeoutMs: 10_000 });
  });
});
