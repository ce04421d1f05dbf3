import { homedir } from 'node:os';
import { join } from 'node:path';
import { installCwltool } from '../../src/cli/engines/install-cwltool.ts';
import { createProbe } from '../../src/cli/engines/probe.ts';
import type { EngineInstallation } from '../../src/engines/engine.ts';
import { createCwltoolEngine } from '../../src/engines/cwltool/engine.ts';

export type FoundCwltool =
  | {
      readonly installation: EngineInstallation;
      /** Every cwltool of this machine, the newest first. */
      readonly all: readonly EngineInstallation[];
      readonly missing: undefined;
    }
  /** `missing` says why there is none, for `describeWith`. */
  | { readonly installation: undefined; readonly all: readonly []; readonly missing: string };

/** Where tests have their engines installed: outside the tree, kept from one test run to the next. */
export const TEST_ENGINES = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'ga4gh-wes-test',
  'engines',
);

/** cwltool of this machine; where there is none, it is installed by the service's own installer. */
export async function findCwltool(): Promise<FoundCwltool> {
  const lines: string[] = [];
  const result = await installCwltool({
    installRoot: TEST_ENGINES,
    log: (line) => lines.push(line),
    maySystemInstall: false,
  });
  if (result === undefined) {
    return { installation: undefined, all: [], missing: `no cwltool: ${lines.join(' ')}` };
  }
  const all = await createCwltoolEngine().detect(createProbe(), { installRoot: TEST_ENGINES });
  return { installation: result.installation, all, missing: undefined };
}
