import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import {
  containersMissing,
  findContainers,
  type TestContainers,
} from '../../support/container-image.ts';
import { ANY_FILE, cwlRun, shellTool } from '../../support/cwl-samples.ts';
import {
  isAnythingAlive,
  signalGroup,
  startEngineRun,
  type EngineRun,
  type RunSetup,
} from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';
import { wdlRun, wdlTask } from '../../support/wdl-samples.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { engine, installation, missing: missingEngine } = await findEngine('toil');
const LANGUAGES = ['CWL', 'WDL'] as const;

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
      if (installation === undefined) throw new Error('no toil');
      const { environment } = containers;
      const contained = { ...setup, containers: runtime, environment };
      const run = await startEngineRun(engine, installation, contained);
      runs.push(run);
      return run;
    };
    /** One task in the test's image, which may leave a file `made`. */
    const inImage = (language: (typeof LANGUAGES)[number], script: string): RunSetup => {
      const { image } = containers;
      if (language === 'CWL') {
        const requirements = { DockerRequirement: { dockerPull: image } };
        return cwlRun(shellTool(script, { made: ANY_FILE('made') }, { requirements }));
      }
      const parts = { runtime: `container: "${image}"`, outputs: 'File made = "made"' };
      return wdlRun(`version 1.0\n${wdlTask('alone', script, parts)}`);
    };

    test.each(LANGUAGES)(
      'a task of %s runs in its image, and is told as ever',
      async (language) => {
        const script = 'echo "$IN_THE_IMAGE" > made; echo said; echo wrong >&2';
        const { exited, directory, events } = await start(inImage(language, script));
        expect(await engine.classify(await exited, directory)).toMatchObject({ state: 'COMPLETE' });
        const { files } = await engine.outputs(directory);
        expect(await readFile(files[0]?.source ?? '', 'utf8')).toBe('yes\n');
        const [started, ended] = await events();
        if (started?.type !== 'started' || ended?.type !== 'ended') throw new Error('no task');
        expect(started.notes).toContain(`image: ${containers.image}`);
        expect(await readFile(started.stdoutPath ?? '', 'utf8')).toBe('said\n');
        expect(await readFile(started.stderrPath ?? '', 'utf8')).toContain('wrong\n');
        expect(ended.exitCode).toBe(0);
      },
    );

    test.each(LANGUAGES)('a stop ends the container of a task of %s', async (language) => {
      const run = await start(inImage(language, 'echo here; sleep 100'));
      await until(async () => (await containers.ids()).length > 0, { timeoutMs: 60_000 });
      signalGroup(run.process, 'SIGTERM');
      expect(await run.exited).toBe(143);
      await until(async () => (await containers.ids()).length === 0, { timeoutMs: 10_000 });
      await until(async () => !(await isAnythingAlive(run)), { timeoutMs: 10_000 });
    });
  };

  describeWith(`toil in containers of ${runtime}`, missingEngine ?? missing, suite, options);
}
