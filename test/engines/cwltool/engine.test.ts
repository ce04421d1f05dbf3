import { afterAll, beforeAll } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { engineConformance, ODD_NAME, type EngineSamples } from '../../conformance/engine.ts';
import {
  ANY_FILE,
  chain,
  cwlRequest,
  cwlRun,
  scatter,
  shellTool,
} from '../../support/cwl-samples.ts';
import { findCwltool } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';

const { all, missing } = await findCwltool();

const touch = (name: string): ReturnType<typeof shellTool> =>
  shellTool(`echo made > ${name}`, { made: ANY_FILE(name) });

const COPY_NAME = `copy of ${ODD_NAME}`;

function samplesOf(installation: EngineInstallation): EngineSamples {
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
    takesResults: false,
  };
}

describeWith('cwltool', missing, () => {
  // Every installed cwltool: of the package index and of the distribution, where there are both.
  for (const installation of all) {
    describeWith(installation.version, undefined, () => {
      engineConformance(createCwltoolEngine(), samplesOf(installation));
    });

    describeWith(`${installation.version}, warm`, undefined, () => {
      const engine = createCwltoolEngine();
      let server: WarmServer | undefined;
      beforeAll(async () => {
        server = await startWarmServer(engine, installation);
      }, 60_000);
      afterAll(() => server?.stop());
      engineConformance(engine, samplesOf(installation), () => server?.address ?? '');
    });
  }
});
