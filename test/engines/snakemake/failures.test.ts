import { expect, test } from 'vitest';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { findSnakemake } from '../../support/engines.ts';
import {
  endsOf,
  engineRuns,
  exitCodesOf,
  namesOf,
  startsOf,
  withParameters,
} from '../../support/snakemake-runs.ts';
import { MADE, smkMaking, smkRule, smkRun } from '../../support/snakemake-samples.ts';
import { describeWith } from '../../support/suite.ts';

const { all, engine, missing } = await findSnakemake();
const SLOW = { timeout: 120_000 };

function failures(installation: EngineInstallation): void {
  const runs = engineRuns(engine, installation);

  test('a failing script is told by its last words', SLOW, async () => {
    const rule = 'rule broken:\n    output: "x"\n    script: "scripts/broken.py"\n';
    const files = { 'scripts/broken.py': 'raise ValueError("no such gene")\n' };
    const run = await runs.toEnd(smkRun(rule, {}, files));
    expect(run.outcome.reason).toMatch(/^Task 'broken' failed with exit code 1/);
    expect(run.outcome.reason).toContain('ValueError: no such gene');
  });

  test('a command within run: that fails gives its exit code', SLOW, async () => {
    const rule = 'rule broken:\n    output: "x"\n    run:\n        shell("exit 7")\n';
    const { outcome } = await runs.toEnd(smkRun(rule));
    expect(outcome.reason).toMatch(/^Task 'broken' failed with exit code 7/);
  });

  test('a script that was not attached is named', SLOW, async () => {
    const rule = 'rule broken:\n    output: "x"\n    script: "scripts/none.py"\n';
    await runs.refused(smkRun(rule), /scripts\/none\.py/);
  });

  test('each attempt at a rule is a task, and a later success is one', SLOW, async () => {
    const flaky = smkMaking('echo try >> tries; [ $(wc -l < tries) -ge 3 ]; echo x > {output}', [
      'retries: 2',
    ]);
    const run = await runs.toEnd(smkRun(flaky));
    expect(run.outcome.state).toBe('COMPLETE');
    expect(exitCodesOf(run.seen)).toEqual([1, 1, 0]);
    expect(startsOf(run.seen)[2]?.notes).toContain('attempt 3');
    const twice = withParameters(smkRun(smkMaking('exit 4')), { retries: '1' });
    const failed = await runs.refused(twice, /^Task 'made' failed with exit code 4\.$/);
    expect(exitCodesOf(failed.seen)).toEqual([4, 4]);
  });

  test('after a failure independent jobs run with keep-going only', SLOW, async () => {
    const snakefile = `
rule all:
    input: "bad.txt", "late.txt"
rule bad:
    output: "bad.txt"
    priority: 10
    shell: "exit 3"
rule late:
    output: "late.txt"
    shell: "echo x > {output}"
`;
    const setup = { ...smkRun(snakefile), cores: 1 };
    const stopped = await runs.refused(setup, /^Task 'bad' failed with exit code 3/);
    expect(namesOf(stopped.seen)).toEqual(['bad']);
    const going = await runs.refused(withParameters(setup, { 'keep-going': 'true' }), /'bad'/);
    expect(namesOf(going.seen)).toEqual(['bad', 'late']);
  });

  test('what a rule sent to its log is told when stderr is empty', SLOW, async () => {
    const rule = smkMaking('echo out of memory > {log}; exit 9', ['log: "logs/made.log"']);
    const { outcome, seen } = await runs.toEnd(smkRun(rule));
    expect(outcome.reason).toContain('The end of logs/made.log:\nout of memory');
    expect(startsOf(seen)[0]?.notes).toContain('log: logs/made.log');
  });

  test('mistakes are refused with Snakemake’s own words', SLOW, async () => {
    const ambiguous = `${smkRule('all', { input: '"a.txt"' })}
${smkRule('x', { output: '"{n}.txt"', shell: MADE })}${smkRule('y', { output: '"a.{m}"', shell: MADE })}`;
    await runs.refused(smkRun(ambiguous), /ambiguous/i);
    await runs.refused(
      smkRun(smkRule('all', { input: '"none.txt"' })),
      /Missing input[^]*none\.txt/,
    );
    await runs.refused(smkRun('rule all:\n    input "x"\n'), /line 2/);
    await runs.refused(smkRun('import no_such_module\n'), /no_such_module/);
    await runs.refused(smkRun('x = config["genome"]\n'), /KeyError[^]*line 1[^]*genome/);
    await runs.refused(smkRun('raise SystemExit("no samples given")\n'), /no samples given/);
  });

  test('a target outside the run is refused, and links that lead there', SLOW, async () => {
    const outside = smkRule('made', { output: '"../../escaped.txt"', shell: MADE });
    await runs.refused(smkRun(outside), /escaped\.txt' lies outside the run/);
    await runs.refused(
      smkRun(smkMaking('ln -s /etc/hostname {output}')),
      /made\.txt' lies outside/,
    );
  });

  test('the end of a task is told with its error', SLOW, async () => {
    const { seen } = await runs.toEnd(smkRun(smkMaking('true')));
    expect(endsOf(seen)[0]).toMatchObject({
      exitCode: 0,
      notes: [expect.stringMatching(/made\.txt/)],
    });
  });
}

describeWith('failures of snakemake', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => failures(installation));
  }
});
