import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Outcome, TaskEvent } from '../../../src/engines/engine.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import { startEngineRun, type EngineRun, type RunSetup } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { nextflowProcess, nextflowRequest, nextflowRun } from '../../support/nextflow-samples.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';

const { engine, installation, missing } = await findEngine('nextflow');

const PATIENCE = { timeout: 120_000 };

describeWith('nextflow runs', missing, () => {
  const runs: EngineRun[] = [];
  let elsewhere = '';
  beforeEach(() => {
    elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'wes-nextflow-')));
  });
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.remove();
    rmSync(elsewhere, { recursive: true, force: true });
  }, 60_000);

  async function start(setup: RunSetup): Promise<EngineRun> {
    if (installation === undefined) throw new Error('this suite needs nextflow');
    const { allowedFileRoots = [] } = setup;
    engine.checkRequest(setup.request, { allowedFileRoots });
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

  async function complete(
    setup: RunSetup,
  ): Promise<EngineRun & { object: JsonObject; seen: readonly TaskEvent[] }> {
    const run = await runToEnd(setup);
    expect(run.outcome, run.outcome.reason).toMatchObject({ state: 'COMPLETE' });
    return { ...run, object: (await engine.outputs(run.directory)).object };
  }

  const refused = async (setup: RunSetup, message: string | RegExp): Promise<void> => {
    const { outcome, directory } = await runToEnd(setup);
    expect(outcome.state).toBe('EXECUTOR_ERROR');
    expect(outcome.reason).toMatch(message);
    expect(outcome.reason).not.toContain(directory.root);
    expect(outcome.reason).not.toMatch(/^\s+at /m);
  };

  const withParameters = (setup: RunSetup, workflowEngineParameters: Record<string, string>) => ({
    ...setup,
    request: { ...setup.request, workflowEngineParameters },
  });

  const startsIn = (events: readonly TaskEvent[]) =>
    events.flatMap((event) => (event.type === 'started' ? [event] : []));
  const exitsIn = (events: readonly TaskEvent[]) =>
    events.flatMap((event) => (event.type === 'ended' ? [event.exitCode] : []));
  const publishing = (script: string): string =>
    nextflowProcess('make', script, { directives: "publishDir 'made'", outputs: "path 'it'" }) +
    '\nworkflow { make() }\n';

  test(
    'tasks have their tags, images that are not used, and no more than the machine has',
    PATIENCE,
    async () => {
      const directives = "tag \"s$n\"\n container 'ubuntu:24.04'\n cpus 64\n memory '900 GB'";
      const script = nextflowProcess('each', 'true', { directives, inputs: 'val n' });
      const files = { 'nextflow.config': 'docker.enabled = true' };
      const setup = nextflowRun(`${script}\nworkflow { each(Channel.of(7)) }\n`, {}, files);
      const [task] = startsIn((await complete(setup)).seen);
      expect(task?.name).toBe('each (s7)');
      expect(task?.command).toEqual(['/bin/bash', '-ue', '-c', 'true']);
      expect(task?.notes).toContain('container ubuntu:24.04: not used, on the host');
      expect(task?.notes).toContain('cores: 2');
      expect(task?.notes.join(' ')).toMatch(/memory: \d+ MiB/);
    },
  );

  test(
    'a task is tried again as often as it says, each attempt a task of its own',
    PATIENCE,
    async () => {
      const script = `
process flaky {
  errorStrategy 'retry'
  maxRetries params.retries
  script: "[ \${task.attempt} -ge 3 ] || exit 7"
}
workflow { flaky() }
`;
      const { seen } = await complete(nextflowRun(script, { retries: 2 }));
      expect(exitsIn(seen)).toEqual([7, 7, 0]);
      expect(startsIn(seen).map(({ notes }) => notes.join(' '))).toEqual([
        'cores: 1',
        'attempt 2 cores: 1',
        'attempt 3 cores: 1',
      ]);
      await refused(nextflowRun(script, { retries: 1 }), "Task 'flaky' failed with exit code 7.");
    },
  );

  test(
    'what to do after a failure may be chosen, where the workflow does not say it',
    PATIENCE,
    async () => {
      const script = `
${nextflowProcess('fails', 'exit 3')}
${nextflowProcess('goes_on', 'sleep 2; echo done')}
workflow { fails(); goes_on() }
`;
      const ignored = await complete(
        withParameters(nextflowRun(script), { 'error-strategy': 'ignore' }),
      );
      expect(exitsIn(ignored.seen).toSorted()).toEqual([0, 3]);
      const finished = await runToEnd(
        withParameters(nextflowRun(script), { 'error-strategy': 'finish' }),
      );
      expect(finished.outcome.reason).toContain("Task 'fails' failed with exit code 3");
      expect(exitsIn(finished.seen).toSorted()).toEqual([0, 3]);
    },
  );

  test(
    'an output that was not made fails the task although its command succeeded',
    PATIENCE,
    async () => {
      await refused(
        nextflowRun(publishing('true')),
        /^Task 'make' failed although its command succeeded\.\nMissing output file\(s\) `it`/,
      );
    },
  );

  test('the words of a workflow that gives up are told', PATIENCE, async () => {
    await refused(
      nextflowRun('workflow { error "please give --reads" }\n'),
      /refused the workflow or its inputs\. please give --reads$/,
    );
  });

  test('a script that is not Nextflow is refused with its place', PATIENCE, async () => {
    await refused(nextflowRun('workflow {\n  foo(\n}\n'), /main\.nf[^]*line/);
  });

  test('a profile that there is not is refused', PATIENCE, async () => {
    const files = { 'nextflow.config': 'profiles { test { params.x = 1 } }' };
    const setup = withParameters(nextflowRun('workflow { }', {}, files), { profile: 'tset' });
    await refused(setup, /Unknown configuration profile: 'tset'/);
  });

  test(
    'the output block gives its targets, publishDir and storeDir their directories',
    PATIENCE,
    async () => {
      const script = `
nextflow.preview.output = true
process a {
  publishDir 'old/place'
  input: val n
  output: path "a\${n}.txt", emit: f
          path 'd', emit: d
  script: "echo $n > a\${n}.txt; mkdir -p d/e; echo $n > d/e/x"
}
workflow {
  main:
  a(Channel.of(1, 2))
  Channel.of('x', 'y').collectFile(name: 'all.txt', storeDir: '.')
  publish:
  a.out.f >> 'letters'
  a.out.d.first() >> 'dirs'
}
output {
  'letters' { index { path 'index.csv' } }
  'dirs' { }
}
`;
      const { object } = await complete(nextflowRun(script));
      const { files, ...named } = object;
      expect(files).toEqual(['wes-output:all.txt']);
      expect(named).toEqual({
        dirs: ['wes-output:dirs/d/e/x'],
        letters: ['a1.txt', 'a2.txt', 'index.csv'].map((name) => `wes-output:letters/${name}`),
        old: ['a1.txt', 'a2.txt', 'd/e/x'].map((name) => `wes-output:old/place/${name}`),
      });
    },
  );

  test(
    'a workflow that asks for an output directory gets one, unless it is given',
    PATIENCE,
    async () => {
      const script = `
params.outdir = null
${nextflowProcess('make', 'echo x > it', { directives: 'publishDir params.outdir', outputs: "path 'it'" })}
workflow { make() }
`;
      expect((await complete(nextflowRun(script))).object).toEqual({
        results: ['wes-output:results/it'],
      });
      expect((await complete(nextflowRun(script, { outdir: 'mine/here' }))).object).toEqual({
        mine: ['wes-output:mine/here/it'],
      });
    },
  );

  test('a link that a task leaves as its output leads nowhere', PATIENCE, async () => {
    await refused(nextflowRun(publishing('ln -s /etc it')), /'it' is a link that leads outside/);
  });

  test(
    'parameters keep their types, and profiles those of the configuration beside the script',
    PATIENCE,
    async () => {
      const script = `
workflow { Channel.of("$params.n/\${params.n.class.simpleName} \${params.on.class.simpleName} $params.from")
  .collectFile(name: 'said', storeDir: '.') }
`;
      const files = { 'nextflow.config': "profiles { test { params.from = 'profile' } }" };
      const setup = nextflowRun(script, { n: 3, on: true }, files);
      const { directory } = await complete(withParameters(setup, { profile: 'test' }));
      const said = await readFile(join(directory.outputs, 'said'), 'utf8');
      expect(said.trim()).toBe('3/Integer Boolean profile');
    },
  );

  test(
    'modules, programs in bin and named workflows are found beside the script',
    PATIENCE,
    async () => {
      const module = nextflowProcess('SAY', 'hello > it', {
        directives: "publishDir 'made'",
        outputs: "path 'it'",
      });
      const files = {
        'wf/main.nf': "include { SAY as TELL } from './modules/say'\nworkflow other { TELL() }\n",
        'wf/modules/say.nf': module,
        'wf/bin/hello': '#!/bin/sh\necho hello\n',
      };
      const request = nextflowRequest({
        workflowUrl: 'wf/main.nf',
        workflowEngineParameters: { entry: 'other' },
      });
      const { seen, directory } = await complete({ request, files });
      expect(startsIn(seen).map(({ name }) => name)).toEqual(['other:TELL']);
      expect(await readFile(join(directory.outputs, 'made/it'), 'utf8')).toBe('hello\n');
    },
  );

  test('a bare repository below an allowed root runs at its revision', PATIENCE, async () => {
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
        cwd: elsewhere,
        stdio: 'pipe',
      });
    git('init', '-q', '-b', 'main', 'flow');
    for (const word of ['first', 'second']) {
      mkdirSync(join(elsewhere, 'flow'), { recursive: true });
      writeFileSync(join(elsewhere, 'flow/main.nf'), publishing(`echo ${word} > it`));
      git('-C', 'flow', 'add', '.');
      git('-C', 'flow', 'commit', '-q', '-m', word);
      git('-C', 'flow', 'tag', word);
    }
    git('clone', '-q', '--bare', 'flow', 'flow.git');
    const request = nextflowRequest({
      workflowUrl: `file://${elsewhere}/flow.git`,
      workflowEngineParameters: { revision: 'first' },
    });
    const { directory } = await complete({ request, allowedFileRoots: [elsewhere] });
    expect(await readFile(join(directory.outputs, 'made/it'), 'utf8')).toBe('first\n');
  });

  test('attachments of the same content give the results of an earlier run', PATIENCE, async () => {
    const script = `
process count {
  publishDir 'counts'
  input: path reads
  output: path 'n'
  script: "wc -l < $reads > n"
}
workflow { count(Channel.fromPath(params.reads)) }
`;
    const cacheDirectory = join(elsewhere, 'cache');
    const given = { reads: 'reads.fq' };
    const notesWith = async (content: string): Promise<string> => {
      const setup = nextflowRun(script, given, { 'reads.fq': content });
      const { seen, object } = await complete({ ...setup, cacheDirectory });
      expect(object).toEqual({ counts: ['wes-output:counts/n'] });
      return startsIn(seen)[0]?.notes.join() ?? '';
    };
    expect(await notesWith('one\n')).not.toContain('earlier');
    expect(await notesWith('one\n')).toContain('results of an earlier execution');
    expect(await notesWith('two\n')).not.toContain('earlier');
  });

  test('while a run has a cache, another one does without', PATIENCE, async () => {
    const cacheDirectory = join(elsewhere, 'cache');
    const lingers = nextflowProcess('lingers', 'sleep 100');
    const first = await start({
      ...nextflowRun(`${lingers}\nworkflow { lingers() }`),
      cacheDirectory,
    });
    await until(async () => (await first.events()).length > 0, { timeoutMs: 60_000 });
    const second = await complete({ ...nextflowRun(publishing('echo x > it')), cacheDirectory });
    expect(await readFile(second.directory.stderr, 'utf8')).toContain('does without it');
  });

  test("a nextflow of the machine's tells of its tasks as well", PATIENCE, async () => {
    // As Nextflow's own launcher does it, as far as the environment goes.
    const program = join(elsewhere, 'nextflow');
    const [java, , jars] = installation?.launcher ?? [];
    const opened = ['java.lang', 'java.io', 'java.nio', 'java.util', 'sun.nio.fs', 'sun.nio.ch']
      .map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`)
      .join(' ');
    const line = `exec "${java}" ${opened} $NXF_OPTS -cp "$NXF_CLASSPATH:${jars}" nextflow.cli.Launcher "$@"`;
    writeFileSync(program, `#!/bin/bash\n${line}\n`, { mode: 0o755 });
    const own = { engine: 'nextflow', version: '24.10.0', launcher: ['/usr/bin/env', program] };
    const run = await startEngineRun(engine, own, nextflowRun(publishing('echo x > it')));
    runs.push(run);
    const outcome = await engine.classify(await run.exited, run.directory);
    expect(outcome, outcome.reason).toMatchObject({ state: 'COMPLETE' });
    expect(startsIn(await run.events()).map(({ name }) => name)).toEqual(['make']);
  });
});
