import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { WesClient } from '../../src/wes/client.ts';
import type { TaskLog } from '../../src/wes/run-log.ts';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { endOf, textOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'cwl');
const { missing } = await findCwltool();

describeWith('CWL through wes up', missing, () => {
  let deployment: TestDeployment;
  let address: string;
  let client: WesClient;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'wes-cwl-'));
    deployment = await TestDeployment.create({ ENGINE_INSTALL_DIR: TEST_ENGINES });
    address = await addressOf(deployment.start(['up']));
    client = clientFor(address);
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await deployment.close();
  });

  async function submitExample(name: string, ...more: readonly string[]): Promise<string> {
    const args = ['submit', join(EXAMPLES, name), '--server', address, ...more];
    const { code, stdout, stderr } = await deployment.run(args);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.trim();
  }

  /** The task, once it runs with a command and a start time. */
  async function runningTask(runId: string, name: string): Promise<TaskLog> {
    return await until(
      async () => {
        const { items } = await client.listTasks(runId);
        return items.find(
          (task) =>
            task.name === name && task.start_time && task.cmd && task.exit_code === undefined,
        );
      },
      { timeoutMs: 60_000, message: `Task ${name} of ${runId} was not seen running` },
    );
  }

  test('the example completes, and its outputs are fetched and verified by the command line', async () => {
    const args = ['--inputs', join(EXAMPLES, 'fastq-qc.inputs.json'), '--tag', 'kind=example'];
    const target = join(directory, 'report');
    const submit = ['submit', join(EXAMPLES, 'fastq-qc.cwl'), ...args, '--server', address];
    const { code, stdout } = await deployment.run([...submit, '--wait', '--outputs-dir', target]);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/task \S+ \S+ running/);
    expect(readFileSync(join(target, 'report.tsv'), 'utf8')).toContain('sample-1');
    const [runId = ''] = /[0-9a-f-]{36}/.exec(stdout) ?? [];
    const { items } = await client.listTasks(runId, { pageSize: 100 });
    expect(items.length).toBeGreaterThanOrEqual(5);
    expect(items.every((task) => task.exit_code === 0)).toBe(true);
  });

  test('a running task is seen with its command, and what it prints can be read as it grows', async () => {
    const runId = await submitExample('slow.cwl');
    const task = await runningTask(runId, 'stubborn');
    expect(task.cmd?.[0]).toBe('sh');
    const length = async () => (await textOf(client, task.stdout)).length;
    const first = await until(length, { timeoutMs: 30_000 });
    await until(async () => (await length()) > first, { timeoutMs: 30_000 });
    await client.cancelRun(runId);
    expect((await endOf(client, runId)).state).toBe('CANCELED');
  });

  test('a cancelled task that ignores signals and has grandchildren is gone within ten seconds', async () => {
    const runId = await submitExample('slow.cwl');
    await runningTask(runId, 'stubborn');
    const ofRun = () => deployment.processes('trap');
    await until(async () => (await ofRun()).length >= 2, { timeoutMs: 30_000 });
    const askedAt = performance.now();
    const { code } = await deployment.run(['cancel', runId, '--wait', '--server', address]);
    const tookMs = performance.now() - askedAt;
    expect(code).toBe(0);
    expect(await ofRun()).toEqual([]);
    expect(tookMs).toBeLessThan(10_000);
    expect((await client.getRunStatus(runId)).state).toBe('CANCELED');
  });

  test('a failing example ends with the failing task and its standard error shown', async () => {
    const submit = ['submit', join(EXAMPLES, 'failing.cwl'), '--wait', '--server', address];
    const { code, stdout } = await deployment.run(submit);
    expect(code).toBe(1);
    expect(stdout).toContain('EXECUTOR_ERROR');
    expect(stdout).toMatch(/Task .* ended with exit code 3\./);
    expect(stdout).toContain('the reference has no chromosome chr23');
  });
});
