import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Outcome, TaskEvent } from '../../../src/engines/engine.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import {
  ANY_FILE,
  chain,
  cwlRequest,
  cwlRun,
  scatter,
  shellTool,
} from '../../support/cwl-samples.ts';
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
import { startWarmServer } from '../../support/warm-server.ts';
import { wdlChain, wdlRun, wdlTask } from '../../support/wdl-samples.ts';

const { engine, installation, missing } = await findEngine('toil');
const SECRET = '/etc/passwd';

describeWith('toil runs', missing, () => {
  const runs: EngineRun[] = [];
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.remove();
  });

  async function start(setup: RunSetup): Promise<EngineRun> {
    if (installation === undefined) throw new Error('no toil');
    engine.checkRequest(setup.request, { allowedFileRoots: [] });
    const run = await startEngineRun(engine, installation, setup);
    runs.push(run);
    return run;
  }

  async function runToEnd(
    setup: RunSetup,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<EngineRun & { outcome: Outcome; seen: readonly TaskEvent[] }> {
    const request = { ...setup.request, workflowEngineParameters: parameters };
    const run = await start({ ...setup, request });
    const outcome = await engine.classify(await run.exited, run.directory);
    return { ...run, outcome, seen: await run.events() };
  }

  async function outputsOf(setup: RunSetup): Promise<JsonObject> {
    const run = await runToEnd(setup);
    expect(run.outcome).toMatchObject({ state: 'COMPLETE' });
    const { object, files } = await engine.outputs(run.directory);
    for (const { source } of files) await stat(source);
    return object;
  }

  const namesOf = (events: readonly TaskEvent[]): readonly string[] =>
    events.flatMap((event) => (event.type === 'started' ? [event.name] : []));
  const exitCodesOf = (events: readonly TaskEvent[]): readonly (number | undefined)[] =>
    events.flatMap((event) => (event.type === 'ended' ? [event.exitCode] : []));

  const refused = async (setup: RunSetup, message: string | RegExp): Promise<void> => {
    const { outcome, directory } = await runToEnd(setup);
    expect(outcome.state).toBe('EXECUTOR_ERROR');
    expect(outcome.reason).toMatch(message);
    expect(outcome.reason).not.toContain(directory.root);
  };

  // Many runs of some seconds each.
  describe('of CWL', { timeout: 120_000 }, () => {
    test('a requirement of containers is unsupported, a hint of them is not', async () => {
      const docker = { DockerRequirement: { dockerPull: 'debian:12' } };
      await refused(
        cwlRun(shellTool('true', {}, { requirements: docker })),
        /not supported here.*--no-container/s,
      );
      await outputsOf(cwlRun(shellTool('true', {}, { hints: docker })));
    });

    test('more cores than a run has are refused', async () => {
      const requirements = { ResourceRequirement: { coresMin: 64 } };
      await refused(cwlRun(shellTool('true', {}, { requirements })), /64.*cores/s);
    });

    test('an expression that fails is the fault of the workflow', async () => {
      const tool = {
        class: 'ExpressionTool',
        requirements: { InlineJavascriptRequirement: {} },
        inputs: {},
        outputs: { made: 'int' },
        expression: '${ return nothing_here; }',
      };
      await refused(cwlRun(tool), /nothing_here/);
    });

    test('a command that is not there has exit code 127', async () => {
      const absent = await runToEnd(cwlRun({ ...shellTool(''), baseCommand: 'no-such-tool-here' }));
      expect(absent.outcome.reason).toContain('exit code 127: its command was not found');
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
      expect(namesOf(run.seen).toSorted()).toEqual(['each-0', 'each-1', 'each-2']);
      const { object, files } = await engine.outputs(run.directory);
      const contents = await Promise.all(files.map(({ source }) => readFile(source, 'utf8')));
      expect(contents.toSorted().join('')).toBe('b1\nb2\nb3\ni1\ni2\ni3\nt1\nt2\nt3\n');
      for (const { path } of files)
        expect(path).toMatch(/(?:^|\/)(?:a\.bam(?:\.bai)?|2\/leaf\.txt)$/);
      for (const bam of object['bams'] as readonly JsonObject[]) {
        const index = { location: `${String(bam['location'])}.bai` };
        expect(bam).toMatchObject({ secondaryFiles: [index] });
      }
      expect(JSON.stringify(object)).not.toContain('"path"');
    });

    test('captured output is read live, and afterwards', async () => {
      const script = 'echo first; sleep 2; echo last';
      const run = await start(
        cwlRun(shellTool(script, { made: 'stdout' }, { stdout: 'result.txt' })),
      );
      const log = async (): Promise<string> => {
        const first = (await run.events()).find((event) => event.type === 'started');
        return first?.stdoutPath === undefined ? '' : await readFile(first.stdoutPath, 'utf8');
      };
      await until(async () => (await log()) === 'first\n', { timeoutMs: 60_000 });
      expect(await run.exited).toBe(0);
      expect(await log()).toBe('first\nlast\n');
      expect((await engine.outputs(run.directory)).files[0]?.path).toBe('result.txt');
    });

    test('tasks carry the mark of their run and nothing else of the service', async () => {
      const run = await runToEnd(cwlRun(shellTool('env')));
      const [first] = run.seen;
      const printed = await readFile((first?.type === 'started' && first.stdoutPath) || '', 'utf8');
      const names = printed.trim().split('\n');
      const known = ['PWD', 'OLDPWD', 'SHLVL', '_'];
      expect(
        names
          .map((line) => line.split('=')[0] ?? '')
          .filter((name) => !known.includes(name))
          .toSorted(),
      ).toEqual(['HOME', 'PATH', 'TMPDIR', 'WES_RUN_ID']);
    });

    test('a failed task is tried again as often as asked, each attempt a task of its own', async () => {
      // Each attempt works at a new place of its own.
      const place = await mkdtemp(join(tmpdir(), 'wes-toil-tries-'));
      const tool = {
        ...shellTool('echo try >> "$0/tries"; [ `wc -l < "$0/tries"` -ge 2 ]'),
        inputs: { place: { type: 'string', inputBinding: { position: 1 } } },
      };
      const { outcome, seen } = await runToEnd(cwlRun(tool, { place }), { 'retry-count': '2' });
      await rm(place, { recursive: true });
      expect(outcome.state).toBe('COMPLETE');
      expect(exitCodesOf(seen)).toEqual([1, 0]);
    });

    test('after a failure the others are stopped, unless on-error=continue', async () => {
      const script = 'if [ $0 = 1 ]; then sleep 1; exit 7; fi; sleep 4';
      const setup = cwlRun(scatter(script), { numbers: [0, 1] });
      const stopped = await runToEnd(setup);
      expect(stopped.outcome.reason).toContain("Task 'each-1' failed with exit code 7");
      expect(exitCodesOf(stopped.seen)).toEqual([7, undefined]);
      const continued = await runToEnd(setup, { 'on-error': 'continue' });
      expect(exitCodesOf(continued.seen)).toEqual([7, 0]);
    });

    test('what lies outside the run is refused: defaults, documents, links', async () => {
      const reads = { type: 'File', default: { class: 'File', location: `file://${SECRET}` } };
      await refused(cwlRun({ ...shellTool('true'), inputs: { reads } }), /outside the run/);
      const label = { $include: `file://${SECRET}` };
      await refused(cwlRun({ ...shellTool('true'), label }), /outside the run/);
      const link = shellTool(`ln -s ${SECRET} link`, { made: ANY_FILE('link') });
      await refused(cwlRun(link), /outside the run/);
    });

    test('a part of a packed document is run by its fragment', async () => {
      const graph = [
        { id: 'one', ...shellTool('echo one', { made: 'stdout' }, { stdout: 'one.txt' }) },
        { id: 'two', ...shellTool('echo two', { made: 'stdout' }, { stdout: 'two.txt' }) },
      ];
      const files = { 'my #1.cwl': JSON.stringify({ cwlVersion: 'v1.2', $graph: graph }) };
      const request = cwlRequest({ workflowUrl: 'my %231.cwl#two' });
      expect(await outputsOf({ request, files })).toMatchObject({
        made: { location: 'wes-output:two.txt' },
      });
    });

    test('stopped by a signal to the engine alone, everything gets it', async () => {
      const run = await start(cwlRun(shellTool('sh -c "exec sleep 62" & wait')));
      await until(async () => (await run.events()).length > 0, { timeoutMs: 60_000 });
      run.process.kill('SIGTERM');
      expect(await run.exited).toBe(143);
      await until(async () => !(await isAnythingAlive(run)), { timeoutMs: 10_000 });
    });

    test('no process is left of an engine that was killed', async () => {
      const run = await start(cwlRun(shellTool('exec sleep 63')));
      await until(async () => (await run.events()).length > 0, { timeoutMs: 60_000 });
      signalGroup(run.process, 'SIGKILL');
      await until(async () => !(await isAnythingAlive(run)), { timeoutMs: 10_000 });
    });
  });

  describe('of WDL', { timeout: 120_000 }, () => {
    test('imports, called workflows and scatters have tasks with names of their own', async () => {
      const inner = `version 1.0
${wdlTask('double', 'echo $((~{n} * 2))', { inputs: 'Int n', outputs: 'Int made = read_int(stdout())' })}
workflow inner { input { Int n } call double { input: n = n } output { Int made = double.made } }
`;
      const outer = `version 1.0
import "lib/inner.wdl" as lib
workflow outer {
  input { Array[Int] numbers }
  scatter (n in numbers) { call lib.inner { input: n = n } }
  output { Array[Int] made = inner.made }
}
`;
      const setup = wdlRun(outer, { 'outer.numbers': [3, 4] }, { 'lib/inner.wdl': inner });
      const run = await runToEnd(setup);
      expect((await engine.outputs(run.directory)).object).toEqual({ 'outer.made': [6, 8] });
      expect(namesOf(run.seen).toSorted()).toEqual(['inner-0/double', 'inner-1/double']);
    });

    test('files of one name, directories and inputs passed on are kept apart', async () => {
      const make = wdlTask('make', 'mkdir -p d/e; echo ~{n} > d/e/f; echo ~{n} > same.txt', {
        inputs: 'Int n',
        outputs: 'File same = "same.txt"\nDirectory d = "d"',
      });
      const document = `version development
${make}
workflow w {
  input { File given }
  scatter (n in range(2)) { call make { input: n = n } }
  output { Array[File] same = make.same Array[Directory] d = make.d File passed = given }
}
`;
      const setup = wdlRun(document, { 'w.given': 'given.txt' }, { 'given.txt': 'g' });
      expect(await outputsOf(setup)).toEqual({
        'w.same': ['wes-output:same/0/same.txt', 'wes-output:same/1/same.txt'],
        'w.d': ['wes-output:d/0/d', 'wes-output:d/1/d'],
        'w.passed': 'wes-output:passed/given.txt',
      });
    });

    test('an output that was not made fails the task although its command succeeded', async () => {
      const task = wdlTask('idle', 'true', { outputs: 'File made = "made"' });
      await refused(wdlRun(`version 1.0\n${task}`), /made/s);
    });

    test('a stdout that became an output stays readable under its task', async () => {
      const task = wdlTask('say', 'echo result', { outputs: 'File said = stdout()' });
      const run = await runToEnd(wdlRun(`version 1.0\n${task}`));
      const [first] = run.seen;
      const { files } = await engine.outputs(run.directory);
      const log = first?.type === 'started' ? first.stdoutPath : undefined;
      for (const path of [log, files[0]?.source])
        expect(await readFile(path ?? '', 'utf8')).toBe('result\n');
    });

    test('inputs come from the web', async () => {
      const server = createServer((_, response) => response.end('three\nlines\nhere\n'));
      server.listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
      const task = wdlTask('count', 'wc -l < "~{reads}"', {
        inputs: 'File reads',
        outputs: 'Int lines = read_int(stdout())',
      });
      const setup = wdlRun(`version 1.0\n${task}`, { 'count.reads': `${base}/reads.txt` });
      expect(await outputsOf(setup)).toEqual({ 'count.lines': 3 });
      server.close();
    });

    test('documents outside the run and links that lead there are refused', async () => {
      const importing = 'version 1.0\nimport "/etc/hostname" as h\nworkflow w { }\n';
      await refused(wdlRun(importing), /hostname/);
      const task = wdlTask('leak', `ln -s ${SECRET} made`, { outputs: 'File made = "made"' });
      await refused(wdlRun(`version 1.0\n${task}`), /outside/);
    });

    test('all errors of a document are told', async () => {
      const document =
        'version 1.0\nworkflow w {\n  Int a = "x"\n  call nobody\n  call no_one\n}\n';
      await refused(wdlRun(document), /nobody[^]*no_one/);
    });
  });

  test('started by a warm server, both languages run', async () => {
    if (installation === undefined) throw new Error('no toil');
    const server = await startWarmServer(engine, installation);
    try {
      const made = 'echo x > made';
      const setups = [
        cwlRun(chain({ one: shellTool(made, { made: ANY_FILE('made') }) })),
        wdlRun(wdlChain({ one: made })),
      ];
      for (const setup of setups) {
        const run = await startEngineRun(engine, installation, {
          ...setup,
          warmServer: server.address,
        });
        runs.push(run);
        const outcome = await engine.classify(await run.exited, run.directory);
        expect(outcome).toMatchObject({ state: 'COMPLETE' });
        expect(namesOf(await run.events())).toEqual(['one']);
      }
      expect(server.ends).toEqual([]);
    } finally {
      await server.stop();
    }
  }, 180_000);
});
