import type { Probe } from '../engine.ts';

/** What Nextflow needs. */
export const LEAST_JAVA = 17;

/** Where people have it, the ones that they chose themselves first. */
const CANDIDATES =
  'for java in "${NXF_JAVA_HOME:+$NXF_JAVA_HOME/bin/java}" "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java)" /usr/bin/java; do ' +
  '[ -x "$java" ] && echo "$java"; done; true';

/** The path of a Java that is new enough; undefined when there is none. */
export async function findJava(probe: Probe): Promise<string | undefined> {
  const found = await probe(['sh', '-c', CANDIDATES]);
  const paths = (found?.stdout ?? '').split('\n').filter((path) => path.startsWith('/'));
  for (const path of new Set(paths)) {
    const version = await probe([path, '-version']);
    if (version?.exitCode === 0 && majorVersion(version.stderr) >= LEAST_JAVA) return path;
  }
  return undefined;
}

/** `openjdk version "17.0.15" 2025-04-15` is 17; before 9 it was written `1.8.0_292`. */
export function majorVersion(text: string): number {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return Number(first === '1' ? second : first) || 0;
}
