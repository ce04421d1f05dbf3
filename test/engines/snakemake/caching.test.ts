import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineInstallation, TaskEvent } from '../../../src/engines/engine.ts';
import type { RunSetup } from '../../support/engine-run.ts';
import { findSnakemake } from '../../support/engines.ts';
import { engineRuns, startsOf, withParameters } from '../../support/snakemake-runs.ts';
import { smkChain, smkRule, smkRun } from '../../support/snakemake-samples.ts';
import { describeWith } from '../../support/suite.ts';

const { engine, all, missing } = await findSnakemake();
const SLOW = { timeout: 120_000 };

/** Two inputs with a task each, a script, and a task for both; the configuration is in a command. */
const SNAKEFILE = `
rule all:
    input: "both.txt", "made.txt"
rule count:
    input: "{n}.fq"
    output: "{n}.count"
    shell: "wc -l < {input} > {output}; echo {config[unit]} >> {output}"
rule both:
    input: "a.count", "b.count"
    output: "both.txt"
    shell: "cat {input} > {output}"
rule script:
    output: "made.txt"
    script: "scripts/make.py"
`;
const FILES = {
  'a.fq': '1\n',
  'b.fq': '1\n2\n',
  'scripts/make.py': 'open(snakemake.output[0], "w").write("1")\n',
};

const CACHED = 'results of an earlier execution';

function caching(installation: EngineInstallation): void {
  const runs = engineRuns(engine, installation);
  let cacheDirectory = '';
  beforeEach(async () => {
    cacheDirectory = await mkdtemp(join(tmpdir(), 'wes engine cache-'));
  });
  afterEach(() => rm(cacheDirectory, { recursive: true, force: true }));

  const executed = (events: readonly TaskEvent[]): readonly string[] =>
    startsOf(events)
      .filter(({ notes }) => !notes.includes(CACHED))
      .map(({ name }) => name)
      .toSorted();
  const execute = async (setup: RunSetup): Promise<readonly string[]> => {
    const run = await runs.toEnd({ ...setup, cacheDirectory });
    expect(run.outcome.state).toBe('COMPLETE');
    await run.remove();
    return executed(run.seen);
  };
  const setup = (unit: string, files: Readonly<Record<string, string>> = {}): RunSetup =>
    smkRun(SNAKEFILE, { unit }, { ...FILES, ...files });

  test('only what depends on a change is run again', SLOW, async () => {
    const all4 = ['both', 'count (n=a)', 'count (n=b)', 'script'];
    expect(await execute(setup('reads'))).toEqual(all4);
    expect(await execute(setup('reads'))).toEqual([]);
    const changedInput = { 'b.fq': '1\n2\n3\n' };
    expect(await execute(setup('reads', changedInput))).toEqual(['both', 'count (n=b)']);
    const changedScript = {
      ...changedInput,
      'scripts/make.py': FILES['scripts/make.py'] + '# 2\n',
    };
    expect(await execute(setup('reads', changedScript))).toEqual(['script']);
    // The former content is a change as well.
    expect(await execute(setup('reads'))).toEqual(['both', 'count (n=b)', 'script']);
    // Scripts may read the whole configuration.
    expect(await execute(setup('lines'))).toEqual(all4);
  });

  test('a changed rule is run again, and what depends on it', SLOW, async () => {
    const made = 'echo x > {output}';
    const chain = (second: string): RunSetup =>
      smkRun(smkChain({ first: made, second, third: made }));
    expect(await execute(chain(made))).toEqual(['first', 'second', 'third']);
    expect(await execute(chain('echo y > {output}'))).toEqual(['second', 'third']);
  });

  test('what a failed run made is taken over', SLOW, async () => {
    const made = 'echo x > {output}';
    const failing = smkRun(smkChain({ first: made, second: made, third: 'exit 3' }));
    const failed = await runs.toEnd({ ...failing, cacheDirectory });
    expect(failed.outcome.reason).toContain("Task 'third' failed with exit code 3");
    await failed.remove();
    const mended = smkRun(smkChain({ first: made, second: made, third: made }));
    expect(await execute(mended)).toEqual(['third']);
  });

  test('directories, protected and temporary outputs are taken over too', SLOW, async () => {
    const chain = (said: string, n: number): RunSetup =>
      smkRun(
        `${smkRule('all', { input: '"end.txt"' })}
${smkRule('tree', { output: 'directory("tree")', shell: `mkdir -p {output}/deep; echo ${said} > {output}/deep/x` })}
${smkRule('temporary', { input: '"tree"', output: 'temp("t.txt")', shell: 'cat {input}/deep/x > {output}' })}
${smkRule('end', { input: '"t.txt"', output: 'protected("end.txt")', shell: 'cp t.txt {output}; echo {config[n]}' })}`,
        { n },
      );
    expect(await execute(chain('a', 1))).toEqual(['end', 'temporary', 'tree']);
    expect(await execute(chain('a', 1))).toEqual([]);
    // Needs what was removed when it was not needed any more.
    expect(await execute(chain('a', 2))).toEqual(['end', 'temporary']);
    expect(await execute(chain('b', 2))).toEqual(['end', 'temporary', 'tree']);
    expect(await execute(chain('b', 2))).toEqual([]);
  });

  test('a changed input is noticed through temporary files', SLOW, async () => {
    const snakefile = `${smkRule('temporary', { input: '"x.fq"', output: 'temp("t.txt")', shell: 'cp {input} {output}' })}
${smkRule('end', { input: '"t.txt"', output: '"end.txt"', shell: 'cp {input} {output}' })}`;
    const end = (content: string): RunSetup =>
      withParameters(smkRun(snakefile, {}, { 'x.fq': content }), { targets: 'end' });
    expect(await execute(end('1'))).toEqual(['end', 'temporary']);
    expect(await execute(end('2'))).toEqual(['end', 'temporary']);
    expect(await execute(end('2'))).toEqual([]);
  });

  test('checkpoints and what they bring are taken over', SLOW, async () => {
    const snakefile = `
def parts(wildcards):
    made = checkpoints.split.get().output[0]
    return expand("done/{n}.txt", n=glob_wildcards(made + "/{n}.part").n)
rule all:
    input: parts
rule source:
    output: temp("source.txt")
    shell: "echo {config[n]} > {output}"
checkpoint split:
    input: "source.txt"
    output: directory("parts")
    shell: "mkdir {output}; cp {input} {output}/1.part; touch {output}/2.part"
rule each:
    input: "parts/{n}.part"
    output: "done/{n}.txt"
    shell: "cp {input} {output}"
`;
    const names = ['each (n=1)', 'each (n=2)', 'source', 'split'];
    expect(await execute(smkRun(snakefile, { n: 1 }))).toEqual(names);
    expect(await execute(smkRun(snakefile, { n: 1 }))).toEqual([]);
    // What is the same although it was made anew changes nothing.
    const changed = ['each (n=1)', 'source', 'split'];
    expect(await execute(smkRun(snakefile, { n: 2 }))).toEqual(changed);
  });

  test('a kept file that was changed is made anew', SLOW, async () => {
    const made = 'echo x > {output}';
    const chain = smkRun(smkChain({ first: made, second: made }));
    expect(await execute(chain)).toEqual(['first', 'second']);
    const kept = (await readdir(cacheDirectory, { recursive: true })).find((name) =>
      name.endsWith('first.txt'),
    );
    const path = join(cacheDirectory, kept ?? '');
    const { atime, mtime } = await stat(path);
    await writeFile(path, 'y\n');
    await utimes(path, atime, mtime);
    expect(await execute(chain)).toContain('first');
  });

  test('other targets take what they share', SLOW, async () => {
    const made = 'echo x > {output}';
    const chain = smkRun(smkChain({ first: made, second: made, third: made }));
    expect(await execute(withParameters(chain, { targets: 'first' }))).toEqual(['first']);
    expect(await execute(withParameters(chain, { targets: 'second' }))).toEqual(['second']);
    expect(await execute(withParameters(chain, { targets: 'first' }))).toEqual([]);
  });
}

describeWith('snakemake with a cache', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => caching(installation));
  }
});
