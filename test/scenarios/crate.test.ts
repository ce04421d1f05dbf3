import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { WesClient } from '../../src/wes/client.ts';
import type { TaskLog } from '../../src/wes/run-log.ts';
import { findCwltool, findEngine, TEST_ENGINES } from '../support/engines.ts';
import { crateProblems, idsIn, readCrate } from '../support/ro-crate/rules.ts';
import { findCrateValidator } from '../support/ro-crate/validator.ts';
import { addressOf, clientFor, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const READS = ['--attach', `${join(EXAMPLES, 'cwl', 'reads')}=reads`];
const [cwltool, miniwdl, validator] = await Promise.all([
  findCwltool(),
  findEngine('miniwdl'),
  findCrateValidator(),
]);

describeWith('Crates of real runs', cwltool.missing ?? miniwdl.missing ?? validator.missing, () => {
  let deployment: TestDeployment;
  let address: string;
  let client: WesClient;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'wes-crates-'));
    deployment = await TestDeployment.create({ ENGINE_INSTALL_DIR: TEST_ENGINES });
    address = await addressOf(deployment.start(['up']));
    client = clientFor(address);
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await deployment.close();
  });

  /** Runs a workflow to its end, and gives its crate, unpacked. */
  async function crateOf(workflow: string, ...more: readonly string[]) {
    const submit = ['submit', join(EXAMPLES, workflow), '--server', address, '--wait', ...more];
    const { stdout } = await deployment.run(submit);
    const [runId = ''] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(stdout) ?? [];
    const archive = join(directory, `${runId}.zip`);
    const fetched = await deployment.run([
      'outputs',
      runId,
      '--crate',
      archive,
      '--server',
      address,
    ]);
    expect(fetched).toMatchObject({ code: 0, stderr: '' });
    const unpacked = join(directory, runId);
    await promisify(execFile)('python3', ['-m', 'zipfile', '-e', archive, unpacked]);
    const metadata = readFileSync(join(unpacked, 'ro-crate-metadata.json'), 'utf8');
    const document: unknown = JSON.parse(metadata);
    return { runId, unpacked, document, crate: readCrate(document) };
  }

  async function tasksOf(runId: string): Promise<readonly TaskLog[]> {
    return (await client.listTasks(runId, { pageSize: 1000 })).items;
  }

  test.each([
    ['cwl/fastq-qc.cwl', 'cwl/fastq-qc.inputs.json', 'cwltool', []],
    ['wdl/fastq-qc.wdl', 'wdl/fastq-qc.inputs.json', 'miniwdl', READS],
  ])(
    'the one of %s is valid, and its steps are the tasks',
    async (workflow, inputs, engine, more) => {
      const { runId, unpacked, document, crate } = await crateOf(
        workflow,
        ...['--inputs', join(EXAMPLES, inputs), ...more],
      );
      expect(crateProblems(document)).toEqual([]);
      expect(await validator.problems(unpacked)).toEqual([]);
      const tasks = await tasksOf(runId);
      expect(tasks.length).toBeGreaterThan(5);
      expect(crate.ofType('HowToStep').map(({ name }) => name)).toEqual(
        tasks.map(({ name }) => name),
      );
      expect(crate.ofType('CreateAction')).toHaveLength(tasks.length + 1);
      expect(crate.node(`#engine/${engine}`).softwareVersion).toMatch(/^\d/);
      const [run] = crate.ofType('CreateAction');
      const { items = [] } = (await client.listOutputs(runId, { pageSize: 1000 })) ?? {};
      expect(run && idsIn(run, 'result')).toHaveLength(items.length);
      expect(run && idsIn(run, 'object').filter((id) => id.includes('.fastq'))).not.toEqual([]);
    },
  );

  test('the one of a run that failed says which task did, and is valid', async () => {
    const { document, crate, unpacked } = await crateOf('cwl/failing.cwl');
    expect(crateProblems(document)).toEqual([]);
    expect(await validator.problems(unpacked)).toEqual([]);
    const failed = crate
      .ofType('CreateAction')
      .filter(({ actionStatus }) => actionStatus === 'http://schema.org/FailedActionStatus');
    expect(failed.length).toBeGreaterThanOrEqual(2);
    expect(failed.some(({ error }) => String(error).startsWith('exit code '))).toBe(true);
  });
});
