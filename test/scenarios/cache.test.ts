import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { WesClient } from '../../src/wes/client.ts';
import { ANY_FILE, chain, cwlRun, shellTool } from '../support/cwl-samples.ts';
import { findEngine, TEST_ENGINES } from '../support/engines.ts';
import type { RunSetup } from '../support/engine-run.ts';
import { endOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { wdlChain, wdlRun } from '../support/wdl-samples.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const made = { made: ANY_FILE('made') };
const step = (script: string) => shellTool(script, made);

/** Three tasks; the third needs something that is not among the workflow's inputs. */
const workflows: Readonly<Record<string, (third: string) => RunSetup>> = {
  cwltool: (third) =>
    cwlRun(
      chain({ first: step('echo 1 > made'), second: step('echo 2 > made'), third: step(third) }),
    ),
  miniwdl: (third) => wdlRun(wdlChain({ first: 'echo 1 > made', second: 'echo 2 > made', third })),
};

for (const [engine, workflow] of Object.entries(workflows)) {
  const { missing } = await findEngine(engine);

  describeWith(`Runs with a cache, by ${engine}`, missing, () => {
    let deployment: TestDeployment;
    let address: string;
    let client: WesClient;
    let directory: string;
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'wes-cache-'));
      deployment = await TestDeployment.create({ ENGINE_INSTALL_DIR: TEST_ENGINES });
      address = await addressOf(deployment.start(['up']));
      client = clientFor(address);
    });
    afterAll(async () => {
      rmSync(directory, { recursive: true, force: true });
      await deployment.close();
    });

    const wes = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await deployment.run([...args, '--server', address]);
      expect([code, stderr]).toEqual([0, '']);
      return stdout.trim();
    };
    const tasksOf = async (runId: string) =>
      (await client.listTasks(runId)).items.map(({ name, system_logs: notes = [] }) => [
        name,
        notes.includes('results of an earlier execution') ? 'taken' : 'ran',
      ]);

    test('a rerun takes what the failed run had done, and the rerun of the rerun takes all', async () => {
      const lacking = join(directory, 'lacking');
      const { request, files = {} } = workflow(`cp ${lacking} made`);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
      const file = join(directory, request.workflowUrl);

      const failed = await wes('submit', file, '--engine', engine, '--cache');
      expect((await endOf(client, failed)).state).toBe('EXECUTOR_ERROR');
      expect(await tasksOf(failed)).toEqual([
        ['first', 'ran'],
        ['second', 'ran'],
        ['third', 'ran'],
      ]);

      writeFileSync(lacking, '3');
      const rerun = await wes('rerun', failed);
      expect((await endOf(client, rerun)).state).toBe('COMPLETE');
      expect(await tasksOf(rerun)).toEqual([
        ['first', 'taken'],
        ['second', 'taken'],
        ['third', 'ran'],
      ]);

      const again = await wes('rerun', rerun);
      const end = await endOf(client, again);
      expect(end.state).toBe('COMPLETE');
      expect((await tasksOf(again)).map(([, how]) => how)).toEqual(['taken', 'taken', 'taken']);
      const cacheRoot = join(deployment.directory, 'data', 'cache');
      expect(readdirSync(cacheRoot)).toEqual([failed, rerun, again]);
      const fetched = join(directory, 'fetched');
      await wes('outputs', again, '--download', fetched);
      expect(readdirSync(fetched, { recursive: true }).length).toBeGreaterThanOrEqual(3);

      const other = await wes('submit', file, '--engine', engine, '--cache');
      expect((await endOf(client, other)).state).toBe('COMPLETE');
      expect((await tasksOf(other)).map(([, how]) => how)).toEqual(['ran', 'ran', 'ran']);
    });
  });
}
