import { afterAll, beforeAll } from 'vitest';
import { engineConformance } from '../../conformance/engine.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';
import { wdlEngineSamples } from '../../support/wdl-engine-samples.ts';

const { engine, all, missing } = await findEngine('miniwdl');

describeWith('miniwdl', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => {
      engineConformance(engine, wdlEngineSamples(installation));
    });

    describeWith(`${installation.version}, warm`, undefined, () => {
      let server: WarmServer | undefined;
      beforeAll(async () => {
        server = await startWarmServer(engine, installation);
      }, 60_000);
      afterAll(() => server?.stop());
      engineConformance(engine, wdlEngineSamples(installation), () => server?.address ?? '');
    });
  }
});
