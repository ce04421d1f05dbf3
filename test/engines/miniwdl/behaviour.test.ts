import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile, stat } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import type { Outcome, TaskEvent } from '../../../src/engines/engine.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import { startEngineRun, type EngineRun, type RunSetup } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { wdlRun, wdlTask } from '../../support/wdl-samples.ts';

const { engine, installation, missing } = await findEngine('miniwdl');

describeWith('miniwdl runs', missing, () => {
  const runs: EngineRun[] = [];
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.remove();
  });

  async function start(setup: RunSetup): Promise<EngineRun> {
    if (installation === undefined) throw new Error('no miniwdl');
    engine.checkRequest(setup.request, { allowedFileRoots: [] });
    const run = await startEngineRun(engine, installation, setup);
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
    const { object, files } = await engine.outputs(run.directory);
    for (const { source } of files) await stat(source);
    return object;
  }

  const namesOf = (events: readonly TaskEvent[]): readonly string[] =>
    events.flatMap((event) => (event.type === 'started' ? [event.name] : []));

  const refused = async (setup: RunSetup, message: string | RegExp): Promise<void> => {
    const { outcome, directory } = await runToEnd(setup);
    expect(outcome.state).toBe('EXECUTOR_ERROR');
    expect(outcome.reason).toMatch(message);
    expect(outcome.reason).not.toContain(directory.root);
  };

  test('a missing and an unknown input are named', async () => {
    const document = `version 1.0\n${wdlTask('greet', 'true', { inputs: 'String name' })}`;
    await refused(wdlRun(document), /missing required inputs?.*name/i);
    await refused(wdlRun(document, { name: 'a', nme: 'b' }), /nme/);
  });

  test('a document that is not WDL is refused with its place', async () => {
    await refused(wdlRun('version 1.0\ntask {'), /main\.wdl.*line 2/);
  });

  test('all errors of a document are told', async () => {
    const document = 'version 1.0\nworkflow w {\n  Int a = "x"\n  call nobody\n  call no_one\n}\n';
    await refused(wdlRun(document), /nobody[^]*no_one/);
  });

  test('an output that was not made fails the task although its command succeeded', async () => {
    const task = wdlTask('idle', 'true', { outputs: 'File made = "made"' });
    await refused(wdlRun(`version 1.0\n${task}`), /Task 'idle'.*made/s);
  });

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
    expect(new Set(namesOf(run.seen)).size).toBe(2);
    for (const name of namesOf(run.seen)) expect(name).toMatch(/^inner-\d.*\/double$/);
  });

  test('files of one name, directories and inputs passed on are kept apart', async () => {
    const make = wdlTask('make', 'mkdir -p d/e; echo ~{n} > d/e/f; echo ~{n} > same.txt', {
      inputs: 'Int n',
      outputs: 'File same = "same.txt"\nDirectory d = "d"',
    }).replaceAll('~{n}', '~{n}');
    const document = `version development
${make}
workflow w {
  input { File given }
  scatter (n in range(2)) { call make { input: n = n } }
  output { Array[File] same = make.same Array[Directory] d = make.d File passed = given }
}
`;
    const setup = wdlRun(document, { given: 'given.txt' }, { 'given.txt': 'g' });
    expect(await outputsOf(setup)).toEqual({
      'w.same': ['wes-output:same/0/same.txt', 'wes-output:same/1/same.txt'],
      'w.d': ['wes-output:d/0/d', 'wes-output:d/1/d'],
      'w.passed': 'wes-output:passed/given.txt',
    });
  });

  test('a task is tried again as often as it says, each attempt a task of its own', async () => {
    const script = 'echo try >> "$PWD/../tries"; [ $(wc -l < ../tries) -ge 3 ]; pwd > here';
    const task = wdlTask('flaky', `set -e\n${script}`, {
      runtime: 'maxRetries: 3',
      outputs: 'File here = "here"',
    });
    const { outcome, seen } = await runToEnd(wdlRun(`version 1.0\n${task}`));
    expect(outcome.state).toBe('COMPLETE');
    const exits = seen.flatMap((event) => (event.type === 'ended' ? [event.exitCode] : []));
    expect(exits).toEqual([1, 1, 0]);
    expect(seen.at(-2)?.notes).toContain('attempt 3');
  });

  test('scattered tasks never run more at once than there are cores, and their results stay in order', async () => {
    const task = wdlTask('each', 'echo ~{n}', {
      inputs: 'Int n',
      outputs: 'Int made = read_int(stdout())',
    });
    const document = `version 1.0\n${task}
workflow w {
  scatter (n in range(30)) { call each { input: n = n } }
  output { Array[Int] made = each.made }
}
`;
    const run = await runToEnd(wdlRun(document));
    expect(run.outcome.state).toBe('COMPLETE');
    const { object } = await engine.outputs(run.directory);
    expect(object['w.made']).toEqual(Array.from({ length: 30 }, (_, index) => index));
    let open = 0;
    let most = 0;
    for (const { type } of run.seen) {
      open += type === 'started' ? 1 : -1;
      most = Math.max(most, open);
    }
    expect(most).toBe(2);
    expect(new Set(namesOf(run.seen)).size).toBe(30);
  });

  test('cores and memory are reserved, what is more than the machine is cut', async () => {
    const document = `version 1.0
${wdlTask('big', 'sleep 0.3', { runtime: 'cpu: 64 memory: "1 GB"' })}
workflow w { call big as one call big as two }
`;
    const { outcome, seen } = await runToEnd(wdlRun(document));
    expect(outcome.state).toBe('COMPLETE');
    expect(seen.map(({ type }) => type)).toEqual(['started', 'ended', 'started', 'ended']);
    expect(seen[0]?.notes).toEqual(expect.arrayContaining(['cores: 2', 'memory: 954 MiB']));
  });

  test('after a failure the others are stopped, unless on-error=continue', async () => {
    const document = `version 1.0
${wdlTask('fails', 'sleep 0.5; exit 7')}
${wdlTask('goes_on', 'sleep 3; echo done')}
workflow w { call fails call goes_on }
`;
    const stopped = await runToEnd(wdlRun(document));
    expect(stopped.outcome.reason).toContain("Task 'fails' failed with exit code 7");
    const endOf = (events: readonly TaskEvent[]): readonly (number | undefined)[] =>
      events.flatMap((event) => (event.type === 'ended' ? [event.exitCode] : []));
    expect(endOf(stopped.seen)).toEqual([7, 143]);
    const setup = wdlRun(document);
    const workflowEngineParameters = { 'on-error': 'continue' };
    const request = { ...setup.request, workflowEngineParameters };
    expect(endOf((await runToEnd({ ...setup, request })).seen)).toEqual([7, 0]);
  });

  test('one task of several is chosen by parameter', async () => {
    const document = `version 1.0\n${wdlTask('a', 'echo a')}${wdlTask('b', 'echo b')}`;
    await refused(wdlRun(document), /engine parameter 'task': a, b/);
    const setup = wdlRun(document);
    const request = { ...setup.request, workflowEngineParameters: { task: 'b' } };
    expect(namesOf((await runToEnd({ ...setup, request })).seen)).toEqual(['b']);
  });

  test('inputs come from the web', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/reads.txt' ? 200 : 404;
      response.end('three\nlines\nhere\n');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
    const task = wdlTask('count', 'wc -l < "~{reads}"', {
      inputs: 'File reads',
      outputs: 'Int lines = read_int(stdout())',
    });
    const document = `version 1.0\n${task}`;
    const setup = wdlRun(document, { reads: `${base}/reads.txt` });
    expect(await outputsOf(setup)).toEqual({ 'count.lines': 3 });
    await refused(wdlRun(document, { reads: `${base}/none.txt` }), /none\.txt.*404/s);
    server.close();
  });

  test('documents and inputs outside the run are refused', async () => {
    const importing = 'version 1.0\nimport "/etc/hostname" as h\nworkflow w { }\n';
    await refused(wdlRun(importing), /outside the run/);
    const climbing = 'version 1.0\nimport "../../../../etc/hostname" as h\nworkflow w { }\n';
    await refused(wdlRun(climbing), /hostname/);
  });

  test('a link that a task leaves as its output leads nowhere', async () => {
    const task = wdlTask('leak', 'ln -s /etc/hostname made', { outputs: 'File made = "made"' });
    await refused(wdlRun(`version 1.0\n${task}`), /outside its working directory/);
  });

  test('tasks carry the mark of their run and nothing else of the service', async () => {
    const run = await runToEnd(
      wdlRun(`version 1.0\n${wdlTask('show', 'env | cut -d= -f1 | sort')}`),
    );
    const [first] = run.seen;
    const printed = await readFile((first?.type === 'started' && first.stdoutPath) || '', 'utf8');
    const names = printed.trim().split('\n');
    expect(names).toContain('WES_RUN_ID');
    const known = ['HOME', 'LANG', 'OLDPWD', 'PATH', 'PWD', 'SHLVL', 'TMPDIR', 'WES_RUN_ID', '_'];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });
});
