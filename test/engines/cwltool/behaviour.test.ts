import { existsSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { Outcome, TaskEvent } from '../../../src/engines/engine.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import { ANY_FILE, cwlRequest, cwlRun, scatter, shellTool } from '../../support/cwl-samples.ts';
import { findCwltool } from '../../support/engines.ts';
import {
  isAnythingAlive,
  signalGroup,
  startEngineRun,
  type EngineRun,
  type RunSetup,
} from '../../support/engine-run.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';

const { all, missing } = await findCwltool();
const engine = createCwltoolEngine();
/** On a developer's machine the newest will do: the conformance suite runs with each. */
const tested = process.env.REQUIRE_ALL === '1' ? all : all.slice(0, 1);
const ways = [
  ...tested.map((installation) => ({ installation, isWarm: false })),
  ...tested.map((installation) => ({ installation, isWarm: true })),
];
const OUTSIDE = join(tmpdir(), `wes-outside-${process.pid}`);

describeWith('cwltool runs', missing, () => {
  for (const { installation, isWarm } of ways) {
    describeWith(`${installation.version}${isWarm ? ', warm' : ''}`, undefined, () => {
      let server: WarmServer | undefined;
      beforeAll(async () => {
        if (isWarm) server = await startWarmServer(engine, installation);
      }, 60_000);
      afterAll(() => server?.stop());

      const runs: EngineRun[] = [];
      afterEach(async () => {
        for (const run of runs.splice(0)) await run.remove();
      });

      async function start(setup: RunSetup): Promise<EngineRun> {
        engine.checkRequest(setup.request, { allowedFileRoots: setup.allowedFileRoots ?? [] });
        const run = await startEngineRun(engine, installation, {
          ...setup,
          ...(server && { warmServer: server.address }),
        });
        runs.push(run);
        return run;
      }

      async function runToEnd(
        setup: RunSetup,
      ): Promise<EngineRun & { outcome: Outcome; seen: readonly TaskEvent[] }> {
        const run = await start(setup);
        const outcome = await engine.classify(await run.exited, run.directory);
        return { ...run, outcome, seen: await run.events() };
      }

      async function outputsOf(setup: RunSetup): Promise<JsonObject> {
        const run = await runToEnd(setup);
        expect(run.outcome).toMatchObject({ state: 'COMPLETE' });
        return (await engine.outputs(run.directory)).object;
      }

      const refused = async (setup: RunSetup, message: string | RegExp): Promise<void> => {
        const { outcome } = await runToEnd(setup);
        expect(outcome.state).toBe('EXECUTOR_ERROR');
        expect(outcome.reason).toMatch(message);
      };

      test('an input of the wrong type is named', async () => {
        const tool = { ...shellTool('true'), inputs: { count: 'int' } };
        await refused(cwlRun(tool, { count: 'many' }), /count/);
      });

      test('an expression that gives the wrong type is the fault of the workflow', async () => {
        const requirements = {
          InlineJavascriptRequirement: {},
          ToolTimeLimit: { timelimit: '${ return "soon"; }' },
        };
        await refused(cwlRun(shellTool('true', {}, { requirements })), /timelimit.*soon/s);
      });

      test('an input file that was not attached is named', async () => {
        const tool = { ...shellTool('true'), inputs: { reads: 'File' } };
        const params = { reads: { class: 'File', location: 'lost.fastq' } };
        await refused(cwlRun(tool, params), /lost\.fastq/);
      });

      test('a document that is not CWL is refused with its line', async () => {
        const files = { 'main.cwl': 'class: [unclosed\n' };
        await refused({ request: cwlRequest(), files }, /main\.cwl:2/);
      });

      test('a requirement of containers is unsupported, a hint of them is not', async () => {
        const docker = { DockerRequirement: { dockerPull: 'debian:12' } };
        await refused(
          cwlRun(shellTool('true', {}, { requirements: docker })),
          /not supported here.*--no-container/s,
        );
        await outputsOf(cwlRun(shellTool('true', {}, { hints: docker })));
      });

      test('more cores than a run has are refused', async () => {
        const tool = shellTool('true', {}, { hints: { ResourceRequirement: { coresMin: 64 } } });
        await refused(cwlRun(tool), /at least 64 cores but a run has only 2/);
      });

      test('a command that is not there has exit code 127, one that may not be executed 126', async () => {
        const absent = await runToEnd(
          cwlRun({ ...shellTool(''), baseCommand: 'no-such-tool-here' }),
        );
        expect(absent.outcome.reason).toContain('exit code 127: its command was not found');
        expect(absent.seen.at(-1)).toMatchObject({ type: 'ended', exitCode: 127 });
        const notExecutable = await runToEnd(
          cwlRun({ ...shellTool(''), baseCommand: '/dev/null' }),
        );
        expect(notExecutable.outcome.reason).toContain('exit code 126');
      });

      test('a task that was killed has the exit code of a shell', async () => {
        const run = await runToEnd(cwlRun(shellTool('kill -KILL $$')));
        expect(run.outcome.reason).toContain('exit code 137: killed');
        expect(run.seen.at(-1)).toMatchObject({ exitCode: 137 });
      });

      test('an output that was not made fails the task although its command succeeded', async () => {
        const run = await runToEnd(cwlRun(shellTool('true', { made: ANY_FILE('nothing.txt') })));
        expect(run.outcome.state).toBe('EXECUTOR_ERROR');
        expect(run.outcome.reason).toMatch(/although its command succeeded.*nothing\.txt/s);
      });

      test('names with spaces, accents, quotes and hashes go in and come out', async () => {
        const names = ['a b.txt', 'grün β.txt', "it's #1 50%.txt"];
        const tool = {
          ...shellTool('mkdir d; cat "$@" > "d/all of #them ü.txt"', {
            all: { type: 'Directory', outputBinding: { glob: 'd' } },
          }),
          arguments: ['mkdir d; cat "$@" > "d/all of #them ü.txt"', 'name'],
          inputs: { files: { type: 'File[]', inputBinding: { position: 1 } } },
        };
        const location = (name: string): string => encodeURIComponent(`in ${name}`);
        const files = names.map((name) => ({ class: 'File', location: location(name) }));
        const contents = Object.fromEntries(names.map((name) => [`in ${name}`, `${name}\n`]));
        const run = await runToEnd(cwlRun(tool, { files }, contents));
        expect(run.outcome).toMatchObject({ state: 'COMPLETE' });
        const outputs = await engine.outputs(run.directory);
        expect(outputs.files.map(({ path }) => path)).toEqual(['d/all of #them ü.txt']);
        const [file] = outputs.files;
        expect(await readFile(file?.source ?? '', 'utf8')).toBe(`${names.join('\n')}\n`);
      });

      test('a workflow in a folder with a strange name is found by its attachment name', async () => {
        const main = 'über flows/my #1.cwl';
        const setup = cwlRun(shellTool('true'));
        const files = { [main]: setup.files['main.cwl'] ?? '' };
        await outputsOf({ request: cwlRequest({ workflowUrl: main }), files });
      });

      test('a part of a packed document is run by its fragment', async () => {
        const graph = [
          { id: 'one', ...shellTool('echo one', { made: 'stdout' }, { stdout: 'one.txt' }) },
          { id: 'two', ...shellTool('echo two', { made: 'stdout' }, { stdout: 'two.txt' }) },
        ];
        const files = { 'packed.cwl': JSON.stringify({ cwlVersion: 'v1.2', $graph: graph }) };
        const request = cwlRequest({ workflowUrl: 'packed.cwl#two' });
        expect(await outputsOf({ request, files })).toMatchObject({
          made: { location: 'wes-output:two.txt' },
        });
      });

      test('outputs of every shape: same names, nested, empty directories, inputs passed on', async () => {
        const script = [
          'mkdir -p tree/deep tree/empty x y',
          'echo 1 > x/same.txt; echo 2 > y/same.txt; echo 3 > tree/deep/leaf.txt',
          'echo main > main.bam; echo index > main.bam.bai',
        ].join('; ');
        const tool = {
          ...shellTool(script, {
            same: { type: 'File[]', outputBinding: { glob: '*/same.txt' } },
            tree: { type: 'Directory', outputBinding: { glob: 'tree' } },
            bam: { ...ANY_FILE('main.bam'), secondaryFiles: ['.bai'] },
            given: { type: 'File', outputBinding: { outputEval: '$(inputs.given)' } },
          }),
          inputs: { given: 'File' },
        };
        const params = { given: { class: 'File', path: 'sub/given.txt' } };
        const run = await runToEnd(cwlRun(tool, params, { 'sub/given.txt': 'given' }));
        expect(run.outcome).toMatchObject({ state: 'COMPLETE' });
        const { object, files } = await engine.outputs(run.directory);
        expect(files.map(({ path }) => path).toSorted()).toEqual([
          '2/same.txt',
          'given.txt',
          'main.bam',
          'main.bam.bai',
          'same.txt',
          'tree/deep/leaf.txt',
        ]);
        expect(object).toMatchObject({
          given: { location: 'wes-output:given.txt' },
          tree: {
            location: 'wes-output:tree',
            listing: expect.arrayContaining([
              expect.objectContaining({ location: 'wes-output:tree/empty', listing: [] }),
            ]),
          },
          bam: { secondaryFiles: [{ location: 'wes-output:main.bam.bai' }] },
        });
        expect(JSON.stringify(object)).not.toContain('"path"');
      });

      test('scattered outputs of one name keep it, with their secondary files and directories', async () => {
        const outputs = {
          bam: { ...ANY_FILE('a.bam'), secondaryFiles: ['.bai'] },
          tree: { type: 'Directory', outputBinding: { glob: '2' } },
        };
        const script = 'echo b$0 > a.bam; echo i$0 > a.bam.bai; mkdir 2; echo t$0 > 2/leaf.txt';
        const workflow = {
          ...scatter(script, outputs),
          outputs: {
            bams: { type: 'File[]', outputSource: 'each/bam' },
            trees: { type: 'Directory[]', outputSource: 'each/tree' },
          },
        };
        const run = await runToEnd(cwlRun(workflow, { numbers: [1, 2, 3] }));
        expect(run.outcome).toMatchObject({ state: 'COMPLETE' });
        const { object, files } = await engine.outputs(run.directory);
        const contents = await Promise.all(files.map(({ source }) => readFile(source, 'utf8')));
        expect(contents.toSorted().join('')).toBe('b1\nb2\nb3\ni1\ni2\ni3\nt1\nt2\nt3\n');
        for (const { path } of files)
          expect(path).toMatch(/(?:^|\/)(?:a\.bam(?:\.bai)?|2\/leaf\.txt)$/);
        for (const bam of object['bams'] as readonly JsonObject[]) {
          const index = { location: `${String(bam['location'])}.bai` };
          expect(bam).toMatchObject({ secondaryFiles: [index] });
        }
      });

      test('captured and free output of tasks can both be read live, and afterwards', async () => {
        const script = 'echo first; echo problem >&2; sleep 1; echo last';
        const step = (more: JsonObject): JsonObject => ({
          in: {},
          out: [],
          run: { ...shellTool(script), ...more },
        });
        const workflow = {
          class: 'Workflow',
          inputs: {},
          outputs: {},
          steps: { free: step({}), captured: step({ stdout: 'kept/out.txt', stderr: 'err.txt' }) },
        };
        const run = await start(cwlRun(workflow));
        const logs = async (): Promise<readonly string[]> => {
          const started = (await run.events()).filter((event) => event.type === 'started');
          const paths = started.flatMap(({ stdoutPath = '', stderrPath = '' }) => [
            stdoutPath,
            stderrPath,
          ]);
          return Promise.all(paths.map((path) => readFile(path, 'utf8')));
        };
        const live = ['first\n', 'problem\n', 'first\n', 'problem\n'];
        await until(async () => (await logs()).join() === live.join(), { timeoutMs: 20_000 });
        expect(await run.exited).toBe(0);
        const whole = ['first\nlast\n', 'problem\n', 'first\nlast\n', 'problem\n'];
        expect(await logs()).toEqual(whole);
      });

      test('a captured stdout stays readable under its task when it became an output', async () => {
        const tool = shellTool('echo result', { made: 'stdout' }, { stdout: 'result.txt' });
        const run = await runToEnd(cwlRun(tool));
        const paths = [
          join(run.directory.tasks, '1', 'stdout'),
          join(run.directory.outputs, 'result.txt'),
        ];
        for (const path of paths) expect(await readFile(path, 'utf8')).toBe('result\n');
      });

      test('fifty scattered tasks run, never more at once than there are cores', async () => {
        const numbers = Array.from({ length: 50 }, (_, index) => index);
        const run = await runToEnd(cwlRun(scatter('echo $0'), { numbers }));
        expect(run.outcome).toMatchObject({ state: 'COMPLETE' });
        expect(run.seen).toHaveLength(100);
        let running = 0;
        let most = 0;
        for (const { type } of run.seen) {
          running += type === 'started' ? 1 : -1;
          most = Math.max(most, running);
        }
        expect(most).toBe(2);
        const { made } = (await engine.outputs(run.directory)).object;
        expect(made).toHaveLength(50);
      }, 60_000);

      test('parallel=false runs one task at a time', async () => {
        const setup = cwlRun(scatter('sleep 0.1'), { numbers: [1, 2, 3] });
        const workflowEngineParameters = { parallel: 'false' };
        const request = { ...setup.request, workflowEngineParameters };
        const { seen } = await runToEnd({ ...setup, request });
        const types = seen.map(({ type }) => type);
        expect(types).toEqual(['started', 'ended', 'started', 'ended', 'started', 'ended']);
      });

      test('after a failure nothing more is started, unless on-error=continue', async () => {
        const setup = cwlRun(scatter('exit $0'), { numbers: [5, 0, 0, 0, 0, 0, 0, 0] });
        const stopped = await runToEnd({ ...setup, cores: 1 });
        expect(stopped.outcome.reason).toContain('exit code 5');
        expect(stopped.seen).toHaveLength(2);
        const request = { ...setup.request, workflowEngineParameters: { 'on-error': 'continue' } };
        const continued = await runToEnd({ ...setup, request, cores: 1 });
        expect(continued.outcome.state).toBe('EXECUTOR_ERROR');
        expect(continued.seen).toHaveLength(16);
      });

      test('JavaScript expressions find their node', async () => {
        const tool = {
          class: 'ExpressionTool',
          requirements: { InlineJavascriptRequirement: {} },
          inputs: { n: 'int' },
          outputs: { square: 'int' },
          expression: '${ return { square: inputs.n * inputs.n }; }',
        };
        expect(await outputsOf(cwlRun(tool, { n: 12 }))).toEqual({ square: 144 });
      });

      test('a literal file and characters that YAML has no place for arrive', async () => {
        const text = 'line\u2028next\u0085end\u007f \u{1f9ec}\n';
        const tool = {
          ...shellTool('cat "$0"', { made: 'stdout' }, { stdout: 'made.txt' }),
          inputs: { text: { type: 'File', inputBinding: { position: 1 } } },
        };
        const params = { text: { class: 'File', basename: 'text.txt', contents: text } };
        const run = await runToEnd(cwlRun(tool, params));
        expect(run.outcome).toMatchObject({ state: 'COMPLETE' });
        expect(await readFile(join(run.directory.outputs, 'made.txt'), 'utf8')).toBe(text);
      });

      const SECRET = '/etc/passwd';
      const reader = (reads: JsonObject): JsonObject => ({
        ...shellTool('cat "$0"'),
        inputs: { reads: { type: 'File', inputBinding: { position: 1 }, ...reads } },
      });

      test('a default outside the run is refused before the task gets it', async () => {
        const tool = reader({ default: { class: 'File', location: `file://${SECRET}` } });
        const run = await runToEnd(cwlRun(tool));
        expect(run.outcome.state).toBe('EXECUTOR_ERROR');
        expect(run.outcome.reason).toContain("outside the run's directory");
        expect(existsSync(join(run.directory.tasks, '1', 'stdout'))).toBe(false);
      });

      test('$include and $import outside the run are refused', async () => {
        const label = { $include: `file://${SECRET}` };
        await refused(cwlRun({ ...shellTool('true'), label }), "outside the run's directory");
        const workflow = {
          ...{ class: 'Workflow', inputs: {}, outputs: {} },
          steps: { one: { in: {}, out: [], run: { $import: `file://${SECRET}` } } },
        };
        await refused(cwlRun(workflow), "outside the run's directory");
      });

      test('a link that a task leaves as its output leads nowhere', async () => {
        const tool = shellTool(`ln -s ${SECRET} link`, { made: ANY_FILE('link') });
        await refused(cwlRun(tool), "outside the run's directory");
        const directory = { type: 'Directory', outputBinding: { glob: 'd' } };
        const inside = shellTool(`mkdir d; ln -s ${SECRET} d/link`, { made: directory });
        await refused(cwlRun(inside), "outside the run's directory");
      });

      test('an expression that makes up a file outside the run gets nothing', async () => {
        const tool = {
          class: 'ExpressionTool',
          requirements: { InlineJavascriptRequirement: {} },
          inputs: {},
          outputs: { made: 'File' },
          expression: `\${ return { made: { class: "File", location: "file://${SECRET}" } }; }`,
        };
        await refused(cwlRun(tool), "outside the run's directory");
      });

      test.each([{ basename: 'made', dirname: OUTSIDE }, { basename: `../../..${OUTSIDE}/made` }])(
        'initial work files are not written outside the task (%o)',
        async (place) => {
          const listing = [{ class: 'File', contents: 'x', ...place }];
          const requirements = { InitialWorkDirRequirement: { listing } };
          await runToEnd(cwlRun(shellTool('true', {}, { requirements })));
          expect(existsSync(OUTSIDE)).toBe(false);
        },
      );

      test('an allowed root may be read', async () => {
        const roots = [join(import.meta.dirname, '../../../examples')];
        const location = `file://${roots[0]}/cwl/hello.cwl`;
        const setup = cwlRun(reader({}), { reads: { class: 'File', location } });
        const { outcome } = await runToEnd({ ...setup, allowedFileRoots: roots });
        expect(outcome).toMatchObject({ state: 'COMPLETE' });
      });

      test('tasks carry the mark of their run and nothing else of the service', async () => {
        const run = await runToEnd(cwlRun(shellTool('env')));
        const lines = (await readFile(join(run.directory.tasks, '1', 'stdout'), 'utf8')).split(
          '\n',
        );
        const names = lines.filter((line) => line !== '').map((line) => line.split('=')[0]);
        expect(
          names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? '')).toSorted(),
        ).toEqual(['HOME', 'PATH', 'TMPDIR', 'WES_RUN_ID']);
      });

      test('stopped while it still loads the workflow, it is gone at once', async () => {
        const run = await start(cwlRun(shellTool('sleep 60')));
        signalGroup(run.process, 'SIGTERM');
        expect(await run.exited).toBe(143);
        expect(await run.events()).toEqual([]);
      });

      test.skipIf(process.platform !== 'linux')(
        'a process that leaves its session and loses its parent stays in the tree of the engine',
        async () => {
          const run = await start(
            cwlRun(shellTool("sh -c 'setsid sleep 63 > /dev/null 2>&1 & echo $!'; sleep 60")),
          );
          const printed = (): Promise<string> =>
            readFile(join(run.directory.tasks, '1', 'stdout'), 'utf8').catch(() => '');
          const pid = Number(await until(printed, { timeoutMs: 20_000 }));
          try {
            // The engine is the one process of the run that works where the attachments are.
            const placeOfParent = async (): Promise<string> => {
              const status = await readFile(`/proc/${pid}/status`, 'utf8');
              return readlink(`/proc/${/^PPid:\t(\d+)$/m.exec(status)?.[1]}/cwd`);
            };
            await until(async () => (await placeOfParent()) === run.directory.execution, {
              timeoutMs: 5000,
            });
          } finally {
            process.kill(pid, 'SIGKILL');
          }
        },
      );

      test('stopped by a signal to the engine alone, its tasks get it too', async () => {
        const run = await start(cwlRun(shellTool('exec sleep 62')));
        await until(async () => (await run.events()).length > 0, { timeoutMs: 20_000 });
        run.process.kill('SIGTERM');
        expect(await run.exited).toBe(143);
        await until(async () => !(await isAnythingAlive(run)), { timeoutMs: 10_000 });
      });
    });
  }
});
