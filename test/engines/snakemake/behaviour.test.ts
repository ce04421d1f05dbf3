import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { isAnythingAlive, signalGroup } from '../../support/engine-run.ts';
import { findSnakemake } from '../../support/engines.ts';
import {
  endsOf,
  engineRuns,
  exitCodesOf,
  namesOf,
  startsOf,
  withParameters,
} from '../../support/snakemake-runs.ts';
import {
  MADE,
  smkChain,
  smkMaking,
  smkRequest,
  smkRule,
  smkRun,
} from '../../support/snakemake-samples.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';

const { engine, all, missing } = await findSnakemake();
const SLOW = { timeout: 120_000 };

function behaviour(installation: EngineInstallation): void {
  const runs = engineRuns(engine, installation);

  test('wildcards are parts of the tasks’ names, and each has its own command', SLOW, async () => {
    const snakefile = `
${smkRule('all', { input: 'expand("counts/{sample}.{kind}.txt", sample=["a", "b"], kind="k")' })}
${smkRule('count', {
  input: '"reads/{sample}.txt"',
  output: '"counts/{sample}.{kind}.txt"',
  shell: 'wc -l < {input} > {output}',
})}`;
    const files = { 'reads/a.txt': '1\n', 'reads/b.txt': '1\n2\n' };
    const run = await runs.toEnd(smkRun(snakefile, {}, files));
    expect(namesOf(run.seen).toSorted()).toEqual([
      'count (sample=a, kind=k)',
      'count (sample=b, kind=k)',
    ]);
    expect(startsOf(run.seen).map(({ command }) => command.at(-1))).toContain(
      'wc -l < reads/b.txt > counts/b.k.txt',
    );
    const { object } = await engine.outputs(run.directory);
    expect(object).toEqual({
      targets: ['wes-output:counts/a.k.txt', 'wes-output:counts/b.k.txt'],
    });
  });

  test('inputs go over the workflow’s own configuration, value by value', SLOW, async () => {
    const snakefile = `
configfile: "config/config.yaml"
${smkRule('made', { output: '"made.txt"', shell: 'echo {config[a]} {config[n][x]} {config[n][y]} > {output}' })}`;
    const setup = smkRun(
      snakefile,
      { n: { y: 'given' } },
      { 'config/config.yaml': 'a: 1\nn: {x: own, y: own}\n' },
    );
    const { directory } = await runs.toEnd(setup);
    expect(await readFile(`${directory.outputs}/made.txt`, 'utf8')).toBe('1 own given\n');
  });

  test('outputs have the names that the target rule gives them', SLOW, async () => {
    const snakefile = `
rule all:
    input:
        report="report.txt",
        tables=["t/a.txt", "t/b.txt"],
        tree="tree",
${smkRule('report', { output: '"report.txt"', shell: MADE })}
${smkRule('table', { output: '"t/{n}.txt"', shell: MADE })}
${smkRule('tree', { output: 'directory("tree")', shell: 'mkdir -p {output}/deep; echo > {output}/deep/x' })}`;
    expect(await runs.outputsOf(smkRun(snakefile))).toEqual({
      report: 'wes-output:report.txt',
      tables: ['wes-output:t/a.txt', 'wes-output:t/b.txt'],
      tree: ['wes-output:tree/deep/x'],
    });
  });

  test('targets are chosen by rule or by file', SLOW, async () => {
    const snakefile = smkChain({ first: MADE, second: MADE, third: MADE });
    const setup = withParameters(smkRun(snakefile), { targets: 'second' });
    expect(await runs.outputsOf(setup)).toEqual({ targets: ['wes-output:second.txt'] });
    const file = withParameters(smkRun(snakefile), { targets: 'first.txt' });
    const run = await runs.toEnd(file);
    expect(namesOf(run.seen)).toEqual(['first']);
    expect((await engine.outputs(run.directory)).object).toEqual({
      targets: ['wes-output:first.txt'],
    });
  });

  test('scripts, run: and shadow rules have stdout, stderr and an exit code', SLOW, async () => {
    const snakefile = `
rule all:
    input: "script.txt", "run.txt", "shadow.txt"
rule script:
    output: "script.txt"
    script: "scripts/make.py"
rule running:
    output: "run.txt"
    run:
        print("printed by run")
        shell("echo said by a command; echo x > {output}")
rule shadow:
    output: "shadow.txt"
    shadow: "minimal"
    shell: "echo said in the shadow; echo x > {output}"
`;
    const script = 'print("printed by script")\nopen(snakemake.output[0], "w").write("x")\n';
    const { seen, outcome } = await runs.toEnd(
      smkRun(snakefile, {}, { 'scripts/make.py': script }),
    );
    expect(outcome.state).toBe('COMPLETE');
    expect(exitCodesOf(seen)).toEqual([0, 0, 0]);
    const said = async (name: string): Promise<string> =>
      await readFile(startsOf(seen).find((task) => task.name === name)?.stdoutPath ?? '', 'utf8');
    expect(await said('script')).toContain('printed by script');
    expect(await said('running')).toContain('printed by run');
    expect(await said('running')).toContain('said by a command');
    expect(await said('shadow')).toContain('said in the shadow');
  });

  test('one command in two rules at once belongs to the right task', SLOW, async () => {
    const script = 'mkdir once 2> /dev/null && echo first || {{ sleep 0.3; echo second; exit 5; }}';
    const rule = (name: string): string =>
      smkRule(name, { output: `touch("${name}.txt")`, shell: script });
    const snakefile = `${smkRule('all', { input: '"a.txt", "b.txt"' })}${rule('a')}${rule('b')}`;
    const run = await runs.toEnd(smkRun(snakefile));
    const said = new Map<string, string>();
    for (const { taskId, stdoutPath = '' } of startsOf(run.seen)) {
      said.set(taskId, await readFile(stdoutPath, 'utf8'));
    }
    const ends = endsOf(run.seen).map(({ taskId, exitCode }) => [said.get(taskId), exitCode]);
    expect(ends).toEqual([
      ['first\n', 0],
      ['second\n', 5],
    ]);
  });

  test('checkpoints bring further tasks', SLOW, async () => {
    const snakefile = `
def parts(wildcards):
    made = checkpoints.split.get().output[0]
    return expand("done/{n}.txt", n=glob_wildcards(made + "/{n}.part").n)
rule all:
    input: parts
checkpoint split:
    output: directory("parts")
    shell: "mkdir {output}; touch {output}/1.part {output}/2.part"
rule each:
    input: "parts/{n}.part"
    output: "done/{n}.txt"
    shell: "echo {wildcards.n} > {output}"
`;
    const run = await runs.toEnd(smkRun(snakefile));
    expect(namesOf(run.seen).toSorted()).toEqual(['each (n=1)', 'each (n=2)', 'split']);
    expect((await engine.outputs(run.directory)).object).toEqual({
      targets: expect.arrayContaining(['wes-output:done/1.txt', 'wes-output:done/2.txt']),
    });
  });

  test('temporary files are used and removed, protected ones are outputs', SLOW, async () => {
    const snakefile = `
rule all:
    input: "kept.txt"
rule first:
    output: temp("temporary.txt")
    shell: "echo t > {output}"
rule second:
    input: "temporary.txt"
    output: protected("kept.txt")
    shell: "cp {input} {output}"
`;
    const run = await runs.toEnd(smkRun(snakefile));
    const { files } = await engine.outputs(run.directory);
    expect(files.map(({ path }) => path)).toEqual(['kept.txt']);
    expect(exitCodesOf(run.seen)).toEqual([0, 0]);
  });

  test(
    'an output that was not made fails the task although its command succeeded',
    SLOW,
    async () => {
      await runs.refused(
        smkRun(smkMaking('true')),
        /^Task 'made' failed although its command succeeded\.[^]*made\.txt/,
      );
    },
  );

  test(
    'included files, scripts and a Snakefile of any name and place are found',
    SLOW,
    async () => {
      const files = {
        'workflow/main.smk':
          'include: "rules/more.smk"\nrule all:\n    input: "x.txt"\n    default_target: True\n',
        'workflow/rules/more.smk': `${smkRule('x', { output: '"x.txt"' }).trimEnd()}\n    script: "../scripts/x.py"\n`,
        'workflow/scripts/x.py': 'open(snakemake.output[0], "w").write("x")\n',
      };
      const request = smkRequest({ workflowUrl: 'workflow/main.smk' });
      expect(await runs.outputsOf({ request, files })).toEqual({ targets: ['wes-output:x.txt'] });
    },
  );

  test('a Snakefile comes from the web', SLOW, async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/wf/Snakefile' ? 200 : 404;
      response.end(smkMaking(MADE));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
    const request = smkRequest({ workflowUrl: `${base}/wf/Snakefile` });
    expect(await runs.outputsOf({ request })).toEqual({ targets: ['wes-output:made.txt'] });
    server.close();
  });

  test('threads, memory and what is not used are told', SLOW, async () => {
    const rule = smkMaking('echo {threads} > {output}', [
      'threads: 2',
      'resources: mem_mb=100',
      'container: "docker://alpine"',
      'conda: "envs/x.yaml"',
    ]);
    const { seen } = await runs.toEnd(smkRun(rule, {}, { 'envs/x.yaml': 'dependencies: []\n' }));
    expect(startsOf(seen)[0]?.notes).toEqual([
      'container docker://alpine: not used, on the host',
      'conda environment: not used, programs are those of the machine',
      'cores: 2',
      expect.stringMatching(/^memory: (95|96) MiB$/),
    ]);
  });

  test('tasks carry the mark of their run and nothing else of the service', SLOW, async () => {
    const { seen } = await runs.toEnd(
      smkRun(smkMaking('env | cut -d= -f1 | sort; touch {output}')),
    );
    const printed = await readFile(startsOf(seen)[0]?.stdoutPath ?? '', 'utf8');
    const names = printed.trim().split('\n');
    expect(names).toContain('WES_RUN_ID');
    const known = /^(HOME|LANG|OLDPWD|PATH|PWD|SHLVL|T(E)?MP(DIR)?|_|WES_RUN_ID|XDG_CACHE_HOME)$/;
    expect(
      names.filter((name) => !known.test(name) && !/_(NUM|MAXIMUM)_THREADS$/.test(name)),
    ).toEqual([]);
  });

  test('grandchildren end with a run that is stopped, also those of run:', SLOW, async () => {
    const rule = `rule family:
    output: "x"
    run:
        import subprocess, time
        subprocess.Popen(["sh", "-c", "sh -c 'exec sleep 61' & wait"])
        open("started", "w").write("x")
        time.sleep(60)
`;
    const run = await runs.start(smkRun(rule));
    await until(
      async () => (await readFile(`${run.directory.execution}/started`).catch(() => '')) !== '',
      { timeoutMs: 60_000 },
    );
    signalGroup(run.process, 'SIGTERM');
    expect(await run.exited).toBe(143);
    await until(async () => !(await isAnythingAlive(run)), { timeoutMs: 5000 });
  });
}

describeWith('snakemake runs', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => behaviour(installation));
  }
});
