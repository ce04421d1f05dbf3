import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { chooseEngine } from '../../../src/engines/selection.ts';
import { createEngines } from '../../../src/engines/registry.ts';
import type { EngineOffer } from '../../../src/runs/engine-catalog.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import type { RunRequest } from '../../../src/runs/run.ts';
import { cwlRequest } from '../../support/cwl-samples.ts';
import { startEngineRun, type EngineRun } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { wdlRequest } from '../../support/wdl-samples.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const { engine, installation, missing } = await findEngine('toil');

const read = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');
const READS = readdirSync(join(EXAMPLES, 'cwl/reads')).map((name) => `reads/${name}`);
const attached = (folder: string, names: readonly string[]): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(READS.map((name) => [name, read(`cwl/${name}`)])),
  ...Object.fromEntries(names.map((name) => [name, read(`${folder}/${name}`)])),
});
const TOOLS = readdirSync(join(EXAMPLES, 'cwl/tools')).map((name) => `tools/${name}`);
const CWL = attached('cwl', [...TOOLS, 'fastq-qc.cwl', 'failing.cwl']);
const WDL = attached('wdl', ['fastq-qc.wdl', 'failing.wdl']);
const inputsOf = (name: string): JsonObject => JSON.parse(read(name)) as JsonObject; // our own files

describeWith('the examples with toil', missing, () => {
  let run: EngineRun | undefined;
  afterEach(async () => {
    await run?.remove();
    run = undefined;
  });

  async function start(
    request: RunRequest,
    files: Readonly<Record<string, string>>,
  ): Promise<EngineRun> {
    if (installation === undefined) throw new Error('this suite needs toil');
    engine.checkRequest(request, { allowedFileRoots: [] });
    run = await startEngineRun(engine, installation, { request, files });
    return run;
  }

  async function failing(request: RunRequest, files: Readonly<Record<string, string>>) {
    const { exited, directory, events } = await start(request, files);
    const outcome = await engine.classify(await exited, directory);
    expect((await events()).filter(({ type }) => type === 'started')).toHaveLength(3);
    return outcome;
  }

  describe('of CWL', { timeout: 120_000 }, () => {
    test('fastq-qc measures three samples in eleven tasks', async () => {
      const workflowParams = { ...inputsOf('cwl/fastq-qc.inputs.json'), pace: 0 };
      const request = cwlRequest({ workflowUrl: 'fastq-qc.cwl', workflowParams });
      const { exited, directory, events } = await start(request, CWL);
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
      const request = cwlRequest({ workflowUrl: 'failing.cwl', workflowParams: { pace: 0 } });
      const { state, reason } = await failing(request, CWL);
      expect(state).toBe('EXECUTOR_ERROR');
      expect(reason).toContain("Task 'call_variants' failed with exit code 3");
      expect(reason).toContain('the reference has no chromosome chr23');
    });
  });

  describe('of WDL', { timeout: 120_000 }, () => {
    test('fastq-qc measures three samples in seven tasks', async () => {
      const workflowParams = inputsOf('wdl/fastq-qc.inputs.json');
      const request = wdlRequest({ workflowUrl: 'fastq-qc.wdl', workflowParams });
      const { exited, directory, events } = await start(request, WDL);
      expect(await engine.classify(await exited, directory)).toMatchObject({ state: 'COMPLETE' });
      expect((await events()).filter(({ type }) => type === 'ended')).toHaveLength(7);
      const { object, files } = await engine.outputs(directory);
      expect(object['fastq_qc.table']).toBe('wes-output:table/report.tsv');
      expect(files).toHaveLength(4);
    });

    test('failing tells the third task with its exit code and words', async () => {
      const request = wdlRequest({ workflowUrl: 'failing.wdl' });
      const { state, reason } = await failing(request, WDL);
      expect(state).toBe('EXECUTOR_ERROR');
      expect(reason).toContain("Task 'align' failed with exit code 3");
      expect(reason).toContain('the reference has no chromosome chr23');
    });
  });
});

describe('toil among the engines', () => {
  const engines = createEngines();
  const offers: readonly EngineOffer[] = engines.map(({ name, workflowTypes, parameters }) => ({
    engine: name,
    versions: ['1'],
    workflowTypes,
    parameters,
  }));
  const chosen = (request: RunRequest): string =>
    chooseEngine(request, offers, engines).engine.name;

  test('is taken when it is asked for', () => {
    for (const request of [cwlRequest(), wdlRequest()])
      expect(chosen({ ...request, workflowEngine: 'Toil' })).toBe('toil');
  });

  test('is never the default of a language', () => {
    expect(chosen(cwlRequest())).toBe('cwltool');
    expect(chosen(wdlRequest())).toBe('miniwdl');
  });
});
