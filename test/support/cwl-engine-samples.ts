import type { EngineInstallation } from '../../src/engines/engine.ts';
import { ODD_NAME, type EngineSamples } from '../conformance/engine.ts';
import { ANY_FILE, chain, cwlRequest, cwlRun, scatter, shellTool } from './cwl-samples.ts';

const touch = (name: string): ReturnType<typeof shellTool> =>
  shellTool(`echo made > ${name}`, { made: ANY_FILE(name) });

const COPY_NAME = `copy of ${ODD_NAME}`;

/** What the conformance suite needs of an engine that runs CWL. */
export function cwlEngineSamples(installation: EngineInstallation): EngineSamples {
  const file = { class: 'File', location: encodeURIComponent(ODD_NAME) };
  return {
    installation,
    succeeding: cwlRun(chain({ first: touch('a.txt'), second: touch('b.txt') })),
    failing: {
      ...cwlRun(
        chain({
          first: touch('a'),
          second: touch('b'),
          third: shellTool('echo out of rye >&2; exit 3', { made: ANY_FILE('c') }),
        }),
      ),
      task: 'third',
      exitCode: 3,
      message: 'out of rye',
    },
    invalid: { ...cwlRun({ class: 'Workflow', steps: {} }), message: 'missing required field' },
    missingInput: {
      ...cwlRun(shellTool('true', {}, { inputs: { reads: 'File' } })),
      message: 'reads',
    },
    long: cwlRun(shellTool('seq 300 | while read i; do echo $i; sleep 0.2; done')),
    family: cwlRun(shellTool('sh -c \'sh -c "exec sleep 61" & wait\' & sleep 60')),
    oddNames: {
      ...cwlRun(
        {
          class: 'CommandLineTool',
          baseCommand: 'cp',
          inputs: { file: { type: 'File', inputBinding: { position: 1 } } },
          arguments: [{ valueFrom: COPY_NAME, position: 2 }],
          outputs: { made: ANY_FILE('copy*') },
        },
        { file },
        { [ODD_NAME]: 'grün' },
      ),
      output: COPY_NAME,
      content: 'grün',
    },
    loud: { ...cwlRun(shellTool('head -c 50000000 /dev/zero')), bytes: 50_000_000 },
    scatter: {
      ...cwlRun(scatter('echo $0'), { numbers: Array.from({ length: 200 }, (_, index) => index) }),
      count: 200,
    },
    escaping: [
      cwlRequest({ workflowUrl: 'file:///etc/passwd' }),
      cwlRequest({ workflowParams: { a: { class: 'File', location: 'file:///etc/passwd' } } }),
      cwlRequest({ workflowParams: { a: { class: 'File', path: '../../other' } } }),
    ],
  };
}
