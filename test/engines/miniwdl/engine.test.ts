import { afterAll, beforeAll } from 'vitest';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { engineConformance, type EngineSamples } from '../../conformance/engine.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';
import { wdlChain, wdlRequest, wdlRun, wdlTask } from '../../support/wdl-samples.ts';

const { engine, all, missing } = await findEngine('miniwdl');

function samplesOf(installation: EngineInstallation): EngineSamples {
  const slow = 'seq 300 | while read i; do echo $i; sleep 0.2; done';
  return {
    installation,
    succeeding: wdlRun(wdlChain({ first: 'echo a > made', second: 'echo b > made' })),
    failing: {
      ...wdlRun(wdlChain({ first: 'echo a > made', second: 'echo out of rye >&2; exit 3' })),
      exitCode: 3,
      message: 'out of rye',
    },
    invalid: {
      ...wdlRun('version 1.0\nworkflow w {\n  call nobody\n}\n'),
      message: 'main.wdl line 3 column 3: No such task/workflow: nobody',
    },
    long: wdlRun(`version 1.0\n${wdlTask('slow', slow)}`),
    escaping: [
      wdlRequest({ workflowUrl: 'file:///etc/passwd' }),
      wdlRequest({ workflowParams: { 'w.file': '/etc/passwd' } }),
      wdlRequest({ workflowParams: { 'w.files': ['a', { nested: 'file:///etc/passwd' }] } }),
      wdlRequest({ workflowParams: { 'w.file': '../../other' } }),
    ],
  };
}

describeWith('miniwdl', missing, () => {
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
