import { engineConformance } from '../../conformance/engine.ts';
import { cwlEngineSamples } from '../../support/cwl-engine-samples.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { wdlEngineSamples } from '../../support/wdl-engine-samples.ts';

const { engine, installation, missing } = await findEngine('toil');

describeWith('toil', missing, () => {
  if (installation === undefined) return;
  const limits = { runSeconds: 120, takesResults: false };
  const samples = { CWL: cwlEngineSamples, WDL: wdlEngineSamples };
  for (const [language, samplesOf] of Object.entries(samples)) {
    describeWith(language, undefined, () => {
      engineConformance(engine, { ...samplesOf(installation), ...limits });
    });
  }
});
