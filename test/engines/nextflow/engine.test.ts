import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { engineConformance, ODD_NAME, type EngineSamples } from '../../conformance/engine.ts';
import type { RunSetup } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import {
  nextflowChain,
  nextflowProcess,
  nextflowRequest,
  nextflowRun,
} from '../../support/nextflow-samples.ts';
import { describeWith } from '../../support/suite.ts';

const { engine, all, missing } = await findEngine('nextflow');

const SCATTERED = `
${nextflowProcess('each', 'true', { inputs: 'val n' })}
workflow { each(Channel.of(1..200)) }
`;

const COPIED = `
process copy {
  publishDir 'copies'
  input: path file
  output: path 'copy of *'
  script: "cp \${file} 'copy of '\${file}"
}
workflow { copy(Channel.fromPath(params.file, checkIfExists: true, glob: false)) }
`;

function samplesOf(installation: EngineInstallation): EngineSamples {
  const alone = (script: string): RunSetup =>
    nextflowRun(`${nextflowProcess('alone', script)}\nworkflow { alone() }\n`);
  const made = (name: string): string => `echo x > ${name}.txt`;
  return {
    installation,
    succeeding: nextflowRun(nextflowChain({ first: made('first'), second: made('second') })),
    failing: {
      ...nextflowRun(
        nextflowChain({
          first: made('first'),
          second: made('second'),
          third: 'echo out of rye >&2; exit 3',
        }),
      ),
      task: 'third',
      exitCode: 3,
      message: 'out of rye',
    },
    invalid: {
      ...nextflowRun('workflow {\n  nobody(1)\n}\n'),
      message: 'Missing process or function nobody',
    },
    missingInput: {
      ...nextflowRun(COPIED, { file: 'reads.fq' }),
      message: 'No such file or directory: reads.fq',
    },
    long: alone('seq 300 | while read i; do echo $i; sleep 0.2; done'),
    family: alone('sh -c \'sh -c "exec sleep 61" & wait\' & sleep 60'),
    oddNames: {
      ...nextflowRun(COPIED, { file: ODD_NAME }, { [ODD_NAME]: 'grün' }),
      output: `copies/copy of ${ODD_NAME}`,
      content: 'grün',
    },
    loud: { ...alone('head -c 50000000 /dev/zero'), bytes: 50_000_000 },
    scatter: { ...nextflowRun(SCATTERED), count: 200 },
    escaping: [
      nextflowRequest({ workflowUrl: 'file:///etc/passwd' }),
      nextflowRequest({ workflowParams: { file: '/etc/passwd' } }),
      nextflowRequest({ workflowParams: { files: ['a', { nested: 'file:///etc/passwd' }] } }),
      nextflowRequest({ workflowParams: { file: '../../other' } }),
      nextflowRequest({ workflowEngineParameters: { profile: '-c /etc/passwd' } }),
      nextflowRequest({ workflowEngineParameters: { revision: '--help' } }),
    ],
    stopSeconds: 3,
    runSeconds: 60,
  };
}

describeWith('nextflow', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => {
      engineConformance(engine, samplesOf(installation));
    });
  }
});
