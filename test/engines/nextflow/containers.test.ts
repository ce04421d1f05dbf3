import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import {
  containersMissing,
  findContainers,
  type TestContainers,
} from '../../support/container-image.ts';
import {
  isAnythingAlive,
  signalGroup,
  startEngineRun,
  type EngineRun,
  type RunSetup,
} from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { nextflowProcess, nextflowRun } from '../../support/nextflow-samples.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';

vi.setConfig({ testTimeout: 150_000, hookTimeout: 60_000 });

const { engine, installation, missing: missingEngine } = await findEngine('nextflow');

for (const runtime of ['podman', 'docker'] as const) {
  const found = await findContainers(runtime);
  const { missing, options } = containersMissing(found);

  const suite = (): void => {
    let containers: TestContainers;
    const runs: EngineRun[] = [];
    beforeAll(async () => {
      if (found.open !== undefined) containers = await found.open();
    });
    afterEach(async () => {
      for (const run of runs.splice(0)) await run.remove();
      expect(await containers.ids()).toEqual([]);
    });
    afterAll(() => containers.close());

    const start = async (setup: RunSetup): Promise<EngineRun> => {
      if (installation === undefined) throw new Error('this suite needs nextflow');
      const { environment } = containers;
      const run = await startEngineRun(engine, installation, {
        ...setup,
        containers: runtime,
        environment,
      });
      runs.push(run);
      return run;
    };
    const inImage = (script: string): RunSetup => {
      const task = nextflowProcess('alone', script, {
        directives: `container '${containers.image}'\n  publishDir 'made'`,
        outputs: "path 'it', optional: true",
      });
      return nextflowRun(`${task}\nworkflow { alone() }\n`);
    };

    test('tasks run in the image that they ask for, and are told as ever', async () => {
      const run = await start(inImage('echo "$IN_THE_IMAGE" > it; echo said; exit 0'));
      const outcome = await engine.classify(await run.exited, run.directory);
      expect(outcome, outcome.reason).toMatchObject({ state: 'COMPLETE' });
      expect(await readFile(join(run.directory.outputs, 'made/it'), 'utf8')).toMatch(/\S/);
      const [started] = await run.events();
      expect(started?.notes).toContain(`image: ${containers.image}`);
      const path = (started?.type === 'started' && started.stdoutPath) || '';
      expect(await readFile(path, 'utf8')).toBe('said\n');
    });

    test('a container has the label of its run, and ends with it', async () => {
      const run = await start(inImage('echo here; sleep 100'));
      const hasBegun = async (): Promise<boolean> => {
        const [started] = await run.events();
        const path = (started?.type === 'started' && started.stdoutPath) || '';
        return (await readFile(path, 'utf8').catch(() => '')) !== '';
      };
      await until(hasBegun, { timeoutMs: 90_000 });
      const label = `label=wes-run=${run.directory.root}`;
      const labelled = await containers.command('ps', '--all', '--quiet', '--filter', label);
      expect(labelled.trim()).not.toBe('');
      signalGroup(run.process, 'SIGTERM');
      expect(await run.exited).toBe(143);
      await until(async () => !(await isAnythingAlive(run)), { timeoutMs: 15_000 });
      await until(async () => (await containers.ids()).length === 0, { timeoutMs: 15_000 });
    });
  };

  describeWith(`nextflow with ${runtime}`, missingEngine ?? missing, suite, options);
}
