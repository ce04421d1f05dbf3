import type { EngineInstallation } from '../../src/engines/engine.ts';
import { ODD_NAME, type EngineSamples } from '../conformance/engine.ts';
import type { RunSetup } from './engine-run.ts';
import { wdlChain, wdlRequest, wdlRun, wdlTask } from './wdl-samples.ts';

const MADE = 'echo x > made';

/** Two hundred calls of a task in a scatter. */
const SCATTERED = `version 1.0
${wdlTask('each', 'echo ~{n}', { inputs: 'Int n', outputs: 'Int made = read_int(stdout())' })}
workflow w {
  scatter (n in range(200)) { call each { input: n = n } }
  output { Array[Int] made = each.made }
}
`;

const COPIED = wdlTask('copy', `cp "~{file}" "copy of ~{basename(file)}"`, {
  inputs: 'File file',
  outputs: 'File copied = "copy of " + basename(file)',
});

/** What the conformance suite needs of an engine that runs WDL. */
export function wdlEngineSamples(installation: EngineInstallation): EngineSamples {
  const alone = (script: string): RunSetup => wdlRun(`version 1.0\n${wdlTask('alone', script)}`);
  return {
    installation,
    succeeding: wdlRun(wdlChain({ first: MADE, second: MADE })),
    failing: {
      ...wdlRun(wdlChain({ first: MADE, second: MADE, third: 'echo out of rye >&2; exit 3' })),
      task: 'third',
      exitCode: 3,
      message: 'out of rye',
    },
    invalid: {
      ...wdlRun('version 1.0\nworkflow w {\n  call nobody\n}\n'),
      message: 'main.wdl line 3 column 3: No such task/workflow: nobody',
    },
    missingInput: {
      ...wdlRun(`version 1.0\n${COPIED}`, { file: 'reads.fq' }),
      message: "'reads.fq' was not found; attach it",
    },
    long: alone('seq 300 | while read i; do echo $i; sleep 0.2; done'),
    family: alone('sh -c \'sh -c "exec sleep 61" & wait\' & sleep 60'),
    oddNames: {
      ...wdlRun(`version 1.0\n${COPIED}`, { file: ODD_NAME }, { [ODD_NAME]: 'grün' }),
      output: `copied/copy of ${ODD_NAME}`,
      content: 'grün',
    },
    loud: { ...alone('head -c 50000000 /dev/zero'), bytes: 50_000_000 },
    scatter: { ...wdlRun(SCATTERED), count: 200 },
    escaping: [
      wdlRequest({ workflowUrl: 'file:///etc/passwd' }),
      wdlRequest({ workflowParams: { 'w.file': '/etc/passwd' } }),
      wdlRequest({ workflowParams: { 'w.files': ['a', { nested: 'file:///etc/passwd' }] } }),
      wdlRequest({ workflowParams: { 'w.file': '../../other' } }),
    ],
  };
}
