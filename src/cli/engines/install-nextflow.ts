import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { detectNextflow, detectPrivateNextflow, NEXTFLOW } from '../../engines/nextflow/detect.ts';
import { findJava, LEAST_JAVA } from '../../engines/nextflow/java.ts';
import {
  isCompiledObserver,
  OBSERVER_COMPILER,
  OBSERVER_SOURCE,
  observerPlace,
  privateDirectory,
  privateLauncher,
} from '../../engines/nextflow/jars.ts';
import { QUIET_ENVIRONMENT, startNextflow } from '../../engines/nextflow/start.ts';
import {
  installSystemPackages,
  privatePlace,
  probeOf,
  writeMarker,
  type EngineRecipe,
  type InstallOptions,
  type InstallResult,
} from './find-or-install.ts';
import { runStep } from './run-step.ts';

/** The newest version of which Maven Central has all parts. */
const VERSION = '24.10.0';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const SYSTEM_PACKAGES = ['maven', 'default-jre-headless'];
const HEAP_MEBIBYTES = 512;

export const NEXTFLOW_RECIPE: EngineRecipe = {
  engine: NEXTFLOW,
  versions: [VERSION],
  find: (options, privateAlone) => {
    const detect = privateAlone ? detectPrivateNextflow : detectNextflow;
    return detect(probeOf(options), options);
  },
  prepare: async ({ launcher }, options) => {
    const directory = privateDirectory(launcher);
    const [java = 'java'] = launcher;
    if (directory === undefined || isCompiledObserver(observerPlace(directory))) return;
    const failure = await compileObserver(java, directory, options);
    if (failure !== undefined) options.log(failure);
  },
  ways: [installPrivately, installWithSystemPackages],
  remedy:
    `nextflow is not installed. It needs Java ${LEAST_JAVA} or later and Maven (Debian, Ubuntu: ` +
    '`sudo apt-get install maven default-jre-headless`) and a way to Maven Central; or bring one of ' +
    'your own (any nextflow from 24.10 on the PATH). Then run this command again.',
};

async function installPrivately(options: InstallOptions): Promise<InstallResult> {
  const { log } = options;
  const directory = await privatePlace(NEXTFLOW, VERSION, options);
  const java = await findJava(probeOf(options));
  if (java === undefined) {
    log(`That did not work: Java ${LEAST_JAVA} or later is not installed.`);
    return undefined;
  }
  log(`Installing nextflow ${VERSION} from Maven Central into ${directory} …`);
  const failure =
    (await fetchJars(directory, options)) ?? (await compileObserver(java, directory, options));
  if (failure !== undefined) {
    await rm(directory, { recursive: true, force: true });
    log(`That did not work: ${failure}`);
    return undefined;
  }
  await writeMarker(directory, { installed: [`io.nextflow:nextflow:${VERSION}`], maker: 'mvn' });
  const [installation] = await detectPrivateNextflow(probeOf(options), options);
  if (installation === undefined) return undefined;
  log(`Installed nextflow ${installation.version} (mvn).`);
  return { installation, how: 'private environment' };
}

async function installWithSystemPackages(options: InstallOptions): Promise<InstallResult> {
  if (!(await installSystemPackages(SYSTEM_PACKAGES, options))) return undefined;
  return installPrivately(options);
}

/** Nothing but the project's dependencies is wanted of Maven: their jars, side by side. */
const PROJECT = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>nextflow-engine</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.nextflow</groupId>
      <artifactId>nextflow</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/** Gives why it did not work; undefined when it did. */
async function fetchJars(
  directory: string,
  { environment = process.env }: InstallOptions,
): Promise<string | undefined> {
  await mkdir(directory, { recursive: true });
  const project = join(directory, 'pom.xml');
  await writeFile(project, PROJECT);
  const target = `-DoutputDirectory=${join(directory, 'lib')}`;
  const words = ['-B', '-q', '-f', project, COPY, '-DincludeScope=runtime', target];
  const { succeeded, lastWords } = await runStep(['mvn', ...words], environment);
  return succeeded ? undefined : `mvn: ${lastWords}`;
}

/** A script of Nextflow does it, which shows at the same time that this Nextflow works. */
async function compileObserver(
  java: string,
  directory: string,
  { environment = process.env }: InstallOptions,
): Promise<string | undefined> {
  const place = observerPlace(directory);
  const temporary = await mkdtemp(join(directory, 'tmp-'));
  const unfinished = join(temporary, 'observer');
  await mkdir(unfinished);
  const start = startNextflow({
    launcher: privateLauncher(java, directory),
    heapMebibytes: HEAP_MEBIBYTES,
    home: temporary,
    temporary,
  });
  const log = join(temporary, 'nextflow.log');
  const words = [
    ...['-log', log, 'run', OBSERVER_COMPILER],
    ...['--source', OBSERVER_SOURCE, '--target', unfinished],
  ];
  const offline = { NXF_OFFLINE: 'true', NXF_PLUGINS_DEFAULT: 'false' };
  const [program, ...options] = start.argv;
  const result = await runStep(
    [program, ...options, ...words],
    { ...environment, ...QUIET_ENVIRONMENT, ...offline, ...start.environment },
    temporary,
  );
  // Another process may have been faster: then its observer is as good.
  if (result.succeeded) await rename(unfinished, place).catch(() => undefined);
  await rm(temporary, { recursive: true, force: true });
  if (result.succeeded && isCompiledObserver(place)) return undefined;
  return `nextflow was installed but can not be started: ${result.lastWords}`;
}
