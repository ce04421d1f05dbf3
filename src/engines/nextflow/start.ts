import { delimiter, join } from 'node:path';
import { MAIN_CLASS, privateDirectory } from './jars.ts';

/** What Nextflow reaches into of Java, by package of the module java.base. */
const OPENED = [
  ...['io', 'lang', 'net', 'nio', 'nio.file.spi', 'util', 'util.concurrent.atomic'],
  ...['util.concurrent.locks', 'util.regex'],
].map((name) => `java.${name}`);
const OPENED_INSIDE = [
  ...['jdk.internal.misc', 'jdk.internal.vm', 'sun.nio.ch', 'sun.nio.fs'],
  ...['file', 'ftp', 'http', 'https'].map((scheme) => `sun.net.www.protocol.${scheme}`),
];

/**
 * A run is mostly start and waiting: the simple compiler and collector take less than half of the
 * processor time that the defaults take (docs/engines/nextflow.md has the figures).
 */
const JVM_OPTIONS = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-XX:-UsePerfData',
  '-XX:+ExitOnOutOfMemoryError',
];

export interface StartOptions {
  readonly launcher: readonly string[];
  /** Directory with the compiled observer. */
  readonly observer?: string;
  readonly heapMebibytes: number;
  readonly home: string;
  readonly temporary: string;
}

export interface StartedBy {
  readonly argv: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
}

/** The words that start Nextflow, to which its own arguments are added, and what they need besides. */
export function startNextflow(options: StartOptions): StartedBy {
  const { launcher, observer, heapMebibytes, home, temporary } = options;
  const [java = 'java', ...words] = launcher;
  const jvm = [...JVM_OPTIONS, `-Xmx${heapMebibytes}m`];
  const environment = { NXF_HOME: join(home, '.nextflow'), NXF_TEMP: temporary };
  const directory = privateDirectory(launcher);
  if (directory === undefined) {
    const classPath = observer === undefined ? {} : { NXF_CLASSPATH: observer };
    return {
      argv: [java, ...words],
      environment: { ...environment, ...classPath, NXF_OPTS: jvm.join(' ') },
    };
  }
  const classPath = [...(observer === undefined ? [] : [observer]), join(directory, 'lib', '*')];
  return {
    argv: [
      java,
      ...jvm,
      ...[...OPENED, ...OPENED_INSIDE].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      '-Dfile.encoding=UTF-8',
      '-Djava.awt.headless=true',
      `-Djava.io.tmpdir=${temporary}`,
      `-Duser.home=${home}`,
      ...['-cp', classPath.join(delimiter), MAIN_CLASS],
    ],
    environment,
  };
}

/** Nothing is looked for on the web but what a run itself asks for. */
export const QUIET_ENVIRONMENT = {
  NXF_ANSI_LOG: 'false',
  NXF_DISABLE_CHECK_LATEST: 'true',
} as const;
