import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findPrograms } from '../../src/cli/engines/find-programs.ts';
import type { WesClient } from '../../src/wes/client.ts';
import type { TaskLog } from '../../src/wes/run-log.ts';
import { findEngine, TEST_ENGINES, type FoundEngine } from '../support/engines.ts';
import { addressOf, clientFor, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const run = promisify(execFile);
const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'variants');

/** The same analysis in each language: arguments of `wes submit`, read in the example's directory. */
const LANGUAGES: readonly {
  readonly language: string;
  readonly engine: string;
  readonly submit: readonly string[];
}[] = [
  {
    language: 'CWL',
    engine: 'cwltool',
    submit: ['variants.cwl', '--inputs', 'cwl.inputs.json'],
  },
  {
    language: 'WDL',
    engine: 'miniwdl',
    submit: ['variants.wdl', '--inputs', 'wdl.inputs.json', '--attach', 'data'],
  },
  {
    language: 'Nextflow',
    engine: 'nextflow',
    submit: ['variants.nf', '--inputs', 'nextflow.inputs.json', '--attach', 'data'],
  },
  {
    language: 'Snakemake',
    engine: 'snakemake',
    submit: ['Snakefile', '--inputs', 'snakemake.config.yaml', '--attach', 'data'],
  },
];

/** Tasks, and the program that each of them runs. */
const STEPS: Readonly<Record<string, string>> = {
  index_genome: 'bwa index',
  index_bases: 'samtools faidx',
  align: 'bwa mem',
  sort: 'samtools sort',
  index_alignments: 'samtools index',
  pileup: 'bcftools mpileup',
  call_variants: 'bcftools call',
  tabulate: 'bcftools query',
};

const engines = new Map<string, FoundEngine>();
for (const { engine } of LANGUAGES) engines.set(engine, await findEngine(engine));

async function missingForAnalysis(): Promise<string | undefined> {
  const tools = ['bwa', 'samtools', 'bcftools'];
  const found = await findPrograms(tools, process.env);
  const missing = tools.filter((tool) => !found.includes(tool));
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  const scratch = await mkdtemp(join(tmpdir(), 'wes-data-'));
  try {
    await run('sh', [join(EXAMPLE, 'get-data.sh'), scratch]);
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What an execution found; headers, which tell of paths, are left out. */
interface Results {
  readonly variants: string;
  readonly table: string;
}

async function readResults(directory: string): Promise<Results> {
  const paths = await readdir(directory, { recursive: true });
  const text = async (name: string) => {
    const path = paths.find((each) => basename(each) === name);
    return path === undefined ? `no ${name}` : await readFile(join(directory, path), 'utf8');
  };
  const variants = (await text('variants.vcf')).replaceAll(/^##.*\n/gm, '');
  return { variants, table: await text('variants.tsv') };
}

describeWith('an analysis with real tools', await missingForAnalysis(), () => {
  let example: string;
  let expected: Results;
  let deployment: TestDeployment;
  let address: string;
  let client: WesClient;

  beforeAll(async () => {
    example = await mkdtemp(join(tmpdir(), 'wes-variants-'));
    const isSource = (path: string) => !['data', 'results'].includes(basename(path));
    await cp(EXAMPLE, example, { recursive: true, filter: isSource });
    const data = join(example, 'data');
    const results = join(example, 'results');
    await run('sh', [join(example, 'get-data.sh'), data]);
    await run('bash', [join(example, 'by-hand.sh'), data, results]);
    expected = await readResults(results);
    deployment = await TestDeployment.create({ ENGINE_INSTALL_DIR: TEST_ENGINES });
    address = await addressOf(deployment.start(['up']));
    client = clientFor(address);
  });
  afterAll(async () => {
    await rm(example, { recursive: true, force: true });
    await deployment.close();
  });

  test('finds, by hand, the places where the virus differs from the genome', () => {
    expect(expected.table.split('\n')[0]).toBe('gi|9626243|ref|NC_001416.1|\t245\tATT\tAT');
    expect(expected.variants.match(/^gi\|/gm)?.length).toBeGreaterThan(80);
  });

  for (const { language, engine, submit } of LANGUAGES) {
    describeWith(`in ${language}`, engines.get(engine)?.missing, () => {
      let results: Results;
      let tasks: readonly TaskLog[];

      beforeAll(async () => {
        const target = join(example, `results-${language}`);
        const args = ['submit', ...submit, '--server', address, '--wait', '--outputs-dir', target];
        const { code, stdout, stderr } = await deployment.run(args, example);
        expect(code, stdout + stderr).toBe(0);
        results = await readResults(target);
        const [runId = ''] = /[0-9a-f-]{36}/.exec(stdout) ?? [];
        ({ items: tasks } = await client.listTasks(runId, { pageSize: 100 }));
      });

      test('finds the same variants as by hand', () => {
        expect(results.table).toBe(expected.table);
        expect(results.variants).toBe(expected.variants);
      });

      test('is seen as its steps, each with its command and exit code', () => {
        const seen = tasks.map(({ name, exit_code }) => [name.toLowerCase(), exit_code]);
        const steps = Object.keys(STEPS).map((name) => [name, 0]);
        expect(seen.toSorted()).toEqual(steps.toSorted());
        for (const { name, cmd = [] } of tasks) {
          expect(cmd.join(' ')).toContain(STEPS[name.toLowerCase()]);
        }
      });
    });
  }
});
