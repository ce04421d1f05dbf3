import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { findSnakemake } from '../../support/engines.ts';
import { endsOf, engineRuns, startsOf } from '../../support/snakemake-runs.ts';
import { smkRequest } from '../../support/snakemake-samples.ts';
import { describeWith } from '../../support/suite.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const { engine, all, missing } = await findSnakemake();

const read = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');
const files = Object.fromEntries([
  ...readdirSync(join(EXAMPLES, 'cwl/reads')).map((name) => [
    `reads/${name}`,
    read(`cwl/reads/${name}`),
  ]),
  ...['Snakefile', 'failing.smk', 'config/config.yaml'].map((name) => [
    name,
    read(`snakemake/${name}`),
  ]),
]) as Readonly<Record<string, string>>; // fromEntries does not know the types of pairs

function examples(installation: EngineInstallation): void {
  const runs = engineRuns(engine, installation);

  test('the Snakefile measures three samples in seven tasks', { timeout: 60_000 }, async () => {
    const request = smkRequest({ workflowParams: { min_length: 40 } });
    const { directory, outcome, seen } = await runs.toEnd({ request, files });
    expect(outcome.state).toBe('COMPLETE');
    expect(endsOf(seen)).toHaveLength(7);
    const { object, files: made } = await engine.outputs(directory);
    expect(object['table']).toBe('wes-output:results/report.tsv');
    expect(object['trimmed']).toHaveLength(3);
    expect(made).toHaveLength(4);
    const report = await readFile(join(directory.outputs, 'results/report.tsv'), 'utf8');
    expect(report.split('\n').map((line) => line.split('\t')[0])).toEqual(
      expect.arrayContaining(['sample', 'sample-1', 'sample-2', 'sample-3']),
    );
  });

  test('failing.smk tells the third task with its exit code and words', async () => {
    const request = smkRequest({ workflowUrl: 'failing.smk' });
    const { outcome, seen } = await runs.refused({ request, files }, /'align' failed.*exit code 3/);
    expect(outcome.reason).toContain('the reference has no chromosome chr23');
    expect(startsOf(seen)).toHaveLength(3);
  });
}

describeWith('the Snakemake examples', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => examples(installation));
  }
});
