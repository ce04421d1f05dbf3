import { readFile, stat } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Outcome, TaskEvent, TaskStarted } from '../../../src/engines/engine.ts';
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
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';
import { wdlRun, wdlTask } from '../../support/wdl-samples.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const { engine, installation, missing: missingEngine } = await findEngine('miniwdl');

for (const runtime of ['podman', 'docker'] as const) {
  const found = await findContainers(runtime);
  const { missing, options } = containersMissing(found);

  const suite = (): void => {
    let containers: TestContainers;
    let server: WarmServer;
    const runs: EngineRun[] = [];
    beforeAll(async () => {
      if (found.open !== undefined) containers = await found.open();
      server = await startWarmServer(engine, launched());
    });
    afterEach(async () => {
      for (const run of runs.splice(0)) await run.remove();
      expect(await containers.ids()).toEqual([]);
    });
    afterAll(async () => {
      await server.stop();
      await containers.close();
    });

    const launched = () => {
      if (installation === undefined) throw new Error('no miniwdl');
      return installation;
    };
    const start = async (setup: RunSetup): Promise<EngineRun> => {
      const run = await startEngineRun(engine, launched(), {
        ...setup,
        containers: runtime,
        environment: containers.environment,
        warmServer: server.address,
      });
      runs.push(run);
      return run;
    };
    const runToEnd = async (
      setup: RunSetup,
    ): Promise<EngineRun & { outcome: Outcome; seen: readonly TaskEvent[] }> => {
      const run = await start(setup);
      const outcome = await engine.classify(await run.exited, run.directory);
      return { ...run, outcome, seen: await run.events() };
    };
    const firstTask = (run: EngineRun): Promise<TaskStarted> =>
      until(
        async () =>
          (await run.events()).find((event): event is TaskStarted => event.type === 'started'),
        { timeoutMs: 30_000 },
      );
    const inImage = (name: string, script: string, parts = {}): string =>
      wdlTask(name, script, { runtime: `container: "${containers.image}"`, ...parts });
    const alone = (script: string, image?: string): RunSetup =>
      wdlRun(
        `version 1.0\n${inImage('alone', script, image === undefined ? {} : { runtime: `container: "${image}"` })}`,
      );

    test('tasks run in the image that they ask for, and are told as ever', async () => {
      const first = inImage('first', 'echo "$IN_THE_IMAGE" > made; echo said; echo wrong >&2', {
        outputs: 'File made = "made"',
      });
      const second = inImage('second', 'cat "~{before}"; cp "~{before}" copy', {
        inputs: 'File before',
        outputs: 'File made = "copy"',
      });
      const calls = 'call first call second { input: before = first.made }';
      const { outcome, seen, directory } = await runToEnd(
        wdlRun(
          `version 1.0\n${first}${second}workflow w { ${calls} output { File made = second.made } }`,
        ),
      );
      expect(outcome).toMatchObject({ state: 'COMPLETE' });
      const { files } = await engine.outputs(directory);
      expect(await readFile(files[0]?.source ?? '', 'utf8')).toBe('yes\n');
      expect(seen.map(({ type }) => type)).toEqual(['started', 'ended', 'started', 'ended']);
      const [started, ended] = seen;
      if (started?.type !== 'started' || ended?.type !== 'ended') throw new Error('no task');
      expect(started.command[1]).toBe('-c');
      expect(started.notes).toEqual([`image: ${containers.image}`]);
      expect(await readFile(started.stdoutPath ?? '', 'utf8')).toBe('said\n');
      expect(await readFile(started.stderrPath ?? '', 'utf8')).toContain('wrong\n');
      expect(ended.exitCode).toBe(0);
    });

    test('many tasks may start at once', async () => {
      const each = inImage('each', 'echo ~{n}', {
        inputs: 'Int n',
        outputs: 'Int made = read_int(stdout())',
      });
      const { outcome, seen } = await runToEnd({
        ...wdlRun(
          `version 1.0\n${each}workflow w {\n scatter (n in range(8)) { call each { input: n = n } }\n output { Array[Int] made = each.made } }`,
        ),
        cores: 4,
      });
      expect(outcome).toMatchObject({ state: 'COMPLETE' });
      expect(seen.filter(({ type }) => type === 'ended')).toHaveLength(8);
    });

    test('a task that names no image runs on the machine', async () => {
      const { outcome, seen } = await runToEnd(
        wdlRun(`version 1.0\n${wdlTask('alone', 'test -z "$IN_THE_IMAGE"')}`),
      );
      expect(outcome).toMatchObject({ state: 'COMPLETE' });
      expect(seen[0]?.notes).toEqual([]);
    });

    test('a failure has the exit code of the command, and the end of its stderr', async () => {
      const { outcome, seen } = await runToEnd(alone('echo out of rye >&2; exit 3'));
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain("Task 'alone' failed with exit code 3");
      expect(outcome.reason).toContain('out of rye');
      expect(seen[1]).toMatchObject({ type: 'ended', exitCode: 3 });
    });

    test('an image that can not be had is named', async () => {
      const { outcome, directory } = await runToEnd(alone('true', '127.0.0.1:1/none:1'));
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain('127.0.0.1:1/none:1');
      expect(outcome.reason).not.toContain(directory.root);
    });

    test('a task is seen while it runs, with growing output', async () => {
      const run = await start(alone('seq 300 | while read i; do echo $i; sleep 0.2; done'));
      const { stdoutPath = '' } = await firstTask(run);
      const size = async (): Promise<number> =>
        await stat(stdoutPath).then(
          (one) => one.size,
          () => 0,
        );
      await until(async () => (await size()) > 0, { timeoutMs: 20_000 });
      const before = await size();
      await until(async () => (await size()) > before);
      signalGroup(run.process, 'SIGTERM');
      await run.exited;
    });

    test('after a failure the containers of other tasks are ended', async () => {
      const tasks = [inImage('one', 'sleep 2; exit 4'), inImage('other', 'trap "" TERM; sleep 60')];
      const { outcome } = await runToEnd(
        wdlRun(`version 1.0\n${tasks.join('')}workflow w {\n call other\n call one\n}\n`),
      );
      expect(outcome.reason).toContain("Task 'one' failed with exit code 4");
    });

    test('the stop signal ends the containers of all tasks with all that is in them', async () => {
      const family = 'trap "" TERM; sh -c \'sh -c "exec sleep 61" & wait\' & sleep 60';
      const run = await start(alone(family));
      await until(async () => (await containers.ids()).length > 0, { timeoutMs: 30_000 });
      const at = performance.now();
      signalGroup(run.process, run.command.stopSignal);
      expect(await run.exited).not.toBe(0);
      expect(performance.now() - at).toBeLessThan(4000);
      expect(await containers.ids()).toEqual([]);
      await until(async () => !(await isAnythingAlive(run)), { timeoutMs: 4000 });
    });
  };

  describeWith(`miniwdl with ${runtime}`, missingEngine ?? missing, suite, options);
}
