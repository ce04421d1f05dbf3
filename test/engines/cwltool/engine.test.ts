import { afterAll, beforeAll } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import { engineConformance } from '../../conformance/engine.ts';
import { cwlEngineSamples } from '../../support/cwl-engine-samples.ts';
import { findCwltool } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';

const { all, missing } = await findCwltool();

describeWith('cwltool', missing, () => {
  // Every installed cwltool: of the package index and of the distribution, where there are both.
  for (const installation of all) {
    describeWith(installation.version, undefined, () => {
      engineConformance(createCwltoolEngine(), cwlEngineSamples(installation));
    });

    describeWith(`${installation.version}, warm`, undefined, () => {
      const engine = createCwltoolEngine();
      let server: WarmServer | undefined;
      beforeAll(async () => {
        server = await startWarmServer(engine, installation);
      }, 60_000);
      afterAll(() => server?.stop());
      engineConformance(engine, cwlEngineSamples(installation), () => server?.address ?? '');
    });
  }
});
