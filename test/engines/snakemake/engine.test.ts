import { afterAll, beforeAll } from 'vitest';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { engineConformance, ODD_NAME, type EngineSamples } from '../../conformance/engine.ts';
import type { RunSetup } from '../../support/engine-run.ts';
import { findSnakemake } from '../../support/engines.ts';
import { smkChain, smkRequest, smkRule, smkRun } from '../../support/snakemake-samples.ts';
import { describeWith } from '../../support/suite.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';

const { engine, all, missing } = await findSnakemake();

const MADE = 'echo x > {output}';

/** Takes the file that the configuration names and makes one of it. */
const COPYING = `
FILE = config["file"]
${smkRule('copy', { input: 'FILE', output: '"copy of " + FILE', shell: 'cp {input:q} {output:q}' })}`;

/** Two hundred jobs of a rule. */
const SCATTERED = `${smkRule('all', { input: 'expand("made/{n}.txt", n=range(200))' })}
${smkRule('each', { output: '"made/{n}.txt"', shell: 'echo {wildcards.n} > {output}' })}`;

function samplesOf(installation: EngineInstallation): EngineSamples {
  const alone = (script: string): RunSetup =>
    smkRun(smkRule('alone', { output: '"done.txt"', shell: `${script}; touch {output}` }));
  return {
    installation,
    succeeding: smkRun(smkChain({ first: MADE, second: MADE })),
    failing: {
      ...smkRun(smkChain({ first: MADE, second: MADE, third: 'echo out of rye >&2; exit 3' })),
      task: 'third',
      exitCode: 3,
      message: 'out of rye',
    },
    invalid: {
      ...smkRun('rule first:\n    outputs: "a.txt"\n'),
      message: 'outputs',
    },
    missingInput: { ...smkRun(COPYING, { file: 'reads.fq' }), message: 'reads.fq' },
    long: alone('seq 300 | while read i; do echo $i; sleep 0.2; done'),
    family: alone('sh -c \'sh -c "exec sleep 61" & wait\' & sleep 60'),
    oddNames: {
      ...smkRun(COPYING, { file: ODD_NAME }, { [ODD_NAME]: 'grün' }),
      output: `copy of ${ODD_NAME}`,
      content: 'grün',
    },
    loud: { ...alone('head -c 50000000 /dev/zero'), bytes: 50_000_000 },
    scatter: { ...smkRun(SCATTERED), count: 200 },
    escaping: [
      smkRequest({ workflowUrl: 'file:///etc/passwd' }),
      smkRequest({ workflowParams: { reads: '/etc/passwd' } }),
      smkRequest({ workflowParams: { samples: ['a', { nested: 'file:///etc/passwd' }] } }),
      smkRequest({ workflowParams: { reads: '../../other' } }),
      smkRequest({ workflowParams: { reads: 'data/../../other' } }),
      smkRequest({ workflowEngineParameters: { targets: '../other' } }),
      smkRequest({ workflowEngineParameters: { 'set-threads': '--config a=1' } }),
    ],
  };
}

describeWith('snakemake', missing, () => {
  // Every installed one: of the package index and of the distribution, old and new.
  for (const installation of all) {
    describeWith(installation.version, undefined, () => {
      engineConformance(engine, samplesOf(installation));
    });

    describeWith(`${installation.version}, warm`, undefined, () => {
      let server: WarmServer | undefined;
      beforeAll(async () => {
        server = await startWarmServer(engine, installation);
      }, 60_000);
      afterAll(() => server?.stop());
      engineConformance(engine, samplesOf(installation), () => server?.address ?? '');
    });
  }
});
