import { randomUUID } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { Outcome, TaskEvent, TaskStarted } from '../../../src/engines/engine.ts';
import { createLocalExecutor } from '../../../src/executors/local/local-executor.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import {
  containersMissing,
  findContainers,
  type TestContainers,
} from '../../support/container-image.ts';
import { ANY_FILE, chain, cwlRun, shellTool, type Tool } from '../../support/cwl-samples.ts';
import {
  isAnythingAlive,
  prepareEngineRun,
  signalGroup,
  startEngineRun,
  type EngineRun,
  type RunSetup,
} from '../../support/engine-run.ts';
import { findCwltool } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';
import { until } from '../../support/until.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const engine = createCwltoolEngine();
const { installation, missing: missingEngine } = await findCwltool();
const LOUD_MINUTE = 'seq 300 | while read i; do echo $i; sleep 0.2; done';

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
      if (installation === undefined) throw new Error('no cwltool');
      return installation;
    };
    const contained = (setup: RunSetup): RunSetup => ({
      ...setup,
      containers: runtime,
      environment: containers.environment,
      warmServer: server.address,
    });
    const inImage = (tool: Tool, more: JsonObject = {}): Tool => ({
      ...tool,
      requirements: { DockerRequirement: { dockerPull: containers.image, ...more } },
    });
    const start = async (setup: RunSetup): Promise<EngineRun> => {
      const run = await startEngineRun(engine, launched(), contained(setup));
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

    test('tasks run in the image that they ask for, and are told as ever', async () => {
      const tool = inImage(
        shellTool('echo "$IN_THE_IMAGE at $PWD" > made; echo said; echo wrong >&2', {
          made: ANY_FILE('made'),
        }),
      );
      const { outcome, seen, directory } = await runToEnd(
        cwlRun(chain({ first: tool, second: tool })),
      );
      expect(outcome).toMatchObject({ state: 'COMPLETE' });
      const { object } = await engine.outputs(directory);
      expect(object).toHaveProperty('second.basename', 'made');
      expect(await readFile(`${directory.outputs}/made`, 'utf8')).toMatch(/^yes at \/\w+\n/);
      expect(seen.map(({ type }) => type)).toEqual(['started', 'ended', 'started', 'ended']);
      const [started, ended] = seen;
      if (started?.type !== 'started' || ended?.type !== 'ended') throw new Error('no task');
      expect(started.command.slice(0, 2)).toEqual(['sh', '-c']);
      expect(started.notes).toEqual(
        expect.arrayContaining([`image: ${containers.image}`, 'cores: 1']),
      );
      expect(await readFile(started.stdoutPath ?? '', 'utf8')).toBe('said\n');
      expect(await readFile(started.stderrPath ?? '', 'utf8')).toContain('wrong');
      expect(ended.exitCode).toBe(0);
    });

    test('files go in and come out, with names as people choose them', async () => {
      const name = "Größe & 'so'.txt";
      const copy = inImage({
        class: 'CommandLineTool',
        baseCommand: 'cp',
        inputs: { file: { type: 'File', inputBinding: { position: 1 } } },
        arguments: [{ valueFrom: 'copy.txt', position: 2 }],
        outputs: { made: ANY_FILE('copy.txt') },
      });
      const file = { class: 'File', location: encodeURIComponent(name) };
      const { outcome, directory } = await runToEnd(cwlRun(copy, { file }, { [name]: 'grün' }));
      expect(outcome).toMatchObject({ state: 'COMPLETE' });
      expect(await readFile(`${directory.outputs}/copy.txt`, 'utf8')).toBe('grün');
    });

    test('a tool that asks for no container runs on the machine', async () => {
      const tool = shellTool('echo "in image: $IN_THE_IMAGE"', { said: 'stdout' });
      const { outcome, seen } = await runToEnd(cwlRun(tool));
      expect(outcome).toMatchObject({ state: 'COMPLETE' });
      expect(seen[0]?.notes.join()).not.toContain('image');
    });

    test('a failure has the exit code of the command, and the end of its stderr', async () => {
      const { outcome, seen } = await runToEnd(
        cwlRun(inImage(shellTool('echo out of rye >&2; exit 3'))),
      );
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain('failed with exit code 3');
      expect(outcome.reason).toContain('out of rye');
      expect(seen[1]).toMatchObject({ type: 'ended', exitCode: 3 });
    });

    test('an image that can not be had is named', async () => {
      const tool = inImage(shellTool('true'), { dockerPull: '127.0.0.1:1/none:1' });
      const { outcome, directory } = await runToEnd(cwlRun(tool));
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain('127.0.0.1:1/none:1');
      expect(outcome.reason).not.toContain(directory.root);
    });

    test.each(['dockerFile', 'dockerLoad', 'dockerImport'])(
      'a workflow can not put images of its own among those of all: %s',
      async (field) => {
        const tool = inImage(shellTool('true'), { [field]: 'FROM none', dockerImageId: 'none' });
        const { outcome } = await runToEnd(cwlRun(tool));
        expect(outcome.state).toBe('EXECUTOR_ERROR');
        expect(outcome.reason).toContain(`DockerRequirement.${field} is not supported here`);
      },
    );

    test('files from outside the run are not mounted', async () => {
      const tool = inImage(
        shellTool(
          'true',
          {},
          {
            inputs: {
              file: { type: 'File', default: { class: 'File', location: 'file:///etc/passwd' } },
            },
          },
        ),
      );
      const { outcome } = await runToEnd(cwlRun(tool));
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain("lies outside the run's directory");
    });

    test('a task is seen while it runs, with growing output', async () => {
      const run = await start(cwlRun(inImage(shellTool(LOUD_MINUTE))));
      const { stdoutPath = '' } = await firstTask(run);
      const size = async (): Promise<number> => (await stat(stdoutPath)).size;
      await until(async () => (await size()) > 0, { timeoutMs: 20_000 });
      const before = await size();
      await until(async () => (await size()) > before);
      signalGroup(run.process, 'SIGTERM');
      await run.exited;
    });

    test('the stop signal ends the containers of all tasks with all that is in them', async () => {
      const family = 'trap "" TERM; sh -c \'sh -c "exec sleep 61" & wait\' & sleep 60';
      const run = await start(cwlRun(inImage(shellTool(family))));
      await until(async () => (await containers.ids()).length > 0, { timeoutMs: 30_000 });
      const at = performance.now();
      signalGroup(run.process, run.command.stopSignal);
      expect(await run.exited).not.toBe(0);
      expect(performance.now() - at).toBeLessThan(4000);
      expect(await containers.ids()).toEqual([]);
      await until(async () => !(await isAnythingAlive(run)), { timeoutMs: 4000 });
    });

    describe('executed by the local executor', () => {
      const executor = createLocalExecutor();

      const startJob = async (script: string) => {
        const setup = contained(cwlRun(inImage(shellTool(script))));
        const { workRoot, directory, command } = await prepareEngineRun(engine, launched(), setup);
        const job = {
          runId: randomUUID(),
          attempt: 1,
          directory: directory.job,
          runRoot: directory.root,
        };
        const jobId = await executor.start(command, job);
        const events = async () => (await engine.tasks(directory, 0)).events;
        await until(async () => (await containers.command('ps', '--quiet')) !== '', {
          timeoutMs: 30_000,
        });
        return { workRoot, directory, jobId, events };
      };

      test('containers of a run whose engine was killed are ended with it', async () => {
        const { workRoot, directory, jobId } = await startJob(LOUD_MINUTE);
        const [wrapper = ''] = (await readFile(`${directory.job}/pid`, 'utf8')).split(' ');
        process.kill(-Number(wrapper), 'SIGKILL');
        await until(async () => (await executor.poll(jobId)).status === 'lost');
        expect(await containers.command('ps', '--quiet')).not.toBe('');
        await executor.cleanup(jobId);
        expect(await containers.ids()).toEqual([]);
        await rm(workRoot, { recursive: true });
      });

      test('a cancel ends them, also those that ignore signals', async () => {
        const { workRoot, jobId } = await startJob(`trap "" TERM INT; ${LOUD_MINUTE}`);
        await executor.cancel(jobId, { graceSeconds: 0 });
        expect(await containers.ids()).toEqual([]);
        await executor.cancel(jobId, { graceSeconds: 0 });
        await rm(workRoot, { recursive: true });
      });

      test('a paused container stands still, and goes on', async () => {
        const { workRoot, jobId, events } = await startJob(LOUD_MINUTE);
        const [started] = await events();
        const path = started?.type === 'started' ? (started.stdoutPath ?? '') : '';
        const size = async (): Promise<number> => (await stat(path)).size;
        await until(async () => (await size()) > 0);
        await executor.pause(jobId);
        expect(await containers.command('ps', '--quiet', '--filter', 'status=running')).toBe('');
        await executor.resume(jobId);
        const before = await size();
        await until(async () => (await size()) > before);
        await executor.pause(jobId);
        await executor.cancel(jobId, { graceSeconds: 1 });
        expect(await containers.ids()).toEqual([]);
        await rm(workRoot, { recursive: true });
      });
    });
  };

  describeWith(`cwltool with ${runtime}`, missingEngine ?? missing, suite, options);
}
