import { afterAll, beforeAll } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { engineConformance, type EngineSamples } from '../../conformance/engine.ts';
import { ANY_FILE, chain, cwlRequest, cwlRun, shellTool } from '../../support/cwl-samples.ts';
import { findCwltool } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';

const { all, missing } = await findCwltool();

const touch = (name: string): ReturnType<typeof shellTool> =>
  shellTool(`echo made > ${name}`, { made: ANY_FILE(name) });

function samplesOf(installation: EngineInstallation): EngineSamples {
  return {
    installation,
    succeeding: cwlRun(chain({ first: touch('a.txt'), second: touch('b.txt') })),
    failing: {
      ...cwlRun(
        chain({
          first: touch('a'),
          second: shellTool('echo out of rye >&2; exit 3', { made: ANY_FILE('b') }),
        }),
      ),
      exitCode: 3,
      message: 'out of rye',
    },
    invalid: { ...cwlRun({ class: 'Workflow', steps: {} }), message: 'missing required field' },
    long: cwlRun(shellTool('seq 300 | while read i; do echo $i; sleep 0.2; done')),
    escaping: [
      cwlRequest({ workflowUrl: 'file:///etc/passwd' }),
      cwlRequest({ workflowParams: { a: { class: 'File', location: 'file:///etc/passwd' } } }),
      cwlRequest({ workflowParams: { a: { class: 'File', path: '../../other' } } }),
    ],
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
