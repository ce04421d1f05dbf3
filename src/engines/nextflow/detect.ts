import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareVersions, completeInstallations } from '../driven/installations.ts';
import type { EngineInstallation, EnginePlaces, Probe } from '../engine.ts';
import { findJava } from './java.ts';
import { privateLauncher } from './jars.ts';

export const NEXTFLOW = 'nextflow';

/** Before it there is no output block and no -output-dir. */
const OLDEST = '24.10';

/** Every version that can be found, newest first; of one version the private copy. */
export async function detectNextflow(
  probe: Probe,
  places: EnginePlaces,
): Promise<readonly EngineInstallation[]> {
  const found = new Map<string, EngineInstallation>();
  const all = [...(await detectPrivateNextflow(probe, places)), ...(await onPath(probe))];
  for (const one of all) if (!found.has(one.version)) found.set(one.version, one);
  return [...found.values()].toSorted((a, b) => compareVersions(b.version, a.version));
}

export async function detectPrivateNextflow(
  probe: Probe,
  { installRoot }: EnginePlaces,
): Promise<readonly EngineInstallation[]> {
  const directories = await completeInstallations(installRoot, NEXTFLOW);
  const java = directories.length === 0 ? undefined : await findJava(probe);
  if (java === undefined) return [];
  const versions = await Promise.all(
    directories.map(async (directory) => ({ directory, version: await versionOfJars(directory) })),
  );
  return versions.flatMap(({ directory, version }) =>
    version === undefined
      ? []
      : [{ engine: NEXTFLOW, version, launcher: privateLauncher(java, directory) }],
  );
}

async function versionOfJars(directory: string): Promise<string | undefined> {
  const names = await readdir(join(directory, 'lib')).catch(() => []);
  const versions = names.map((name) => /^nextflow-(\d[\w.-]*)\.jar$/.exec(name)?.[1]);
  return versions.find((version) => version !== undefined);
}

/** The program's own home: a run has another one, in which it would download its parts again. */
const WHERE = 'command -v nextflow && echo "${NXF_HOME:-$HOME/.nextflow}"';

async function onPath(probe: Probe): Promise<readonly EngineInstallation[]> {
  const where = await probe(['sh', '-c', WHERE]);
  const [program = '', home = ''] = where?.exitCode === 0 ? where.stdout.split('\n') : [];
  if (!program.startsWith('/')) return [];
  const offline = ['/usr/bin/env', 'NXF_OFFLINE=true', 'NXF_DISABLE_CHECK_LATEST=true'] as const;
  const answer = await probe([...offline, program, '-v']);
  const version = answer?.exitCode === 0 ? versionIn(answer.stdout) : undefined;
  if (version === undefined || compareVersions(version, OLDEST) < 0) return [];
  const parts = [
    `NXF_DIST=${join(home, 'framework')}`,
    `CAPSULE_CACHE_DIR=${join(home, 'capsule')}`,
    `NXF_PLUGINS_DIR=${join(home, 'plugins')}`,
  ];
  return [{ engine: NEXTFLOW, version, launcher: ['/usr/bin/env', ...parts, program] }];
}

/** `nextflow version 24.10.0.5928`: the last number counts builds; an edge release says so at its end. */
export function versionIn(text: string): string | undefined {
  const [, version, edge = ''] = /version (\d+\.\d+\.\d+)(-edge)?/.exec(text) ?? [];
  return version === undefined ? undefined : version + edge;
}
