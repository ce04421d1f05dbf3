import { homedir } from 'node:os';
import { join } from 'node:path';
import { installEngine } from '../../src/cli/engines/install-engine.ts';
import { createProbe } from '../../src/cli/engines/probe.ts';
import type { Engine, EngineInstallation } from '../../src/engines/engine.ts';
import { createEngines } from '../../src/engines/registry.ts';

export type FoundEngine =
  | {
      readonly engine: Engine;
      readonly installation: EngineInstallation;
      /** Every version of this machine, the newest first. */
      readonly all: readonly EngineInstallation[];
      readonly missing: undefined;
    }
  /** `missing` says why there is none, for `describeWith`. */
  | {
      readonly engine: Engine;
      readonly installation: undefined;
      readonly all: readonly [];
      readonly missing: string;
    };

/** Where tests have their engines installed: outside the tree, kept from one test run to the next. */
export const TEST_ENGINES = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'ga4gh-wes-test',
  'engines',
);

/**
 * An engine of this machine; where there is none, it is installed by the service's own installer, with
 * all the versions that are wanted beside one another.
 */
export async function findEngine(
  name: string,
  versions: readonly string[] = [],
): Promise<FoundEngine> {
  const engine = createEngines().find((one) => one.name === name);
  if (engine === undefined) throw new Error(`there is no engine ${name}`);
  const lines: string[] = [];
  const options = {
    installRoot: TEST_ENGINES,
    log: (line: string) => lines.push(line),
    maySystemInstall: false,
  };
  const result = await installEngine(name, options);
  for (const version of versions) await installEngine(name, { ...options, version });
  if (result === undefined) {
    return { engine, installation: undefined, all: [], missing: `no ${name}: ${lines.join(' ')}` };
  }
  const all = await engine.detect(createProbe(), { installRoot: TEST_ENGINES });
  const [installation = result.installation] = all;
  return { engine, installation, all, missing: undefined };
}

/** Snakemake as it is, and as many still use it. */
export const findSnakemake = (): Promise<FoundEngine> => findEngine('snakemake', ['9', '7']);
export const findCwltool = (): Promise<FoundEngine> => findEngine('cwltool');
