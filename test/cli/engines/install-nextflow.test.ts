import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installEngine } from '../../../src/cli/engines/install-engine.ts';
import type { InstallResult } from '../../../src/cli/engines/find-or-install.ts';

/** A machine of scripts: only they and a few plain tools are on PATH. */
let root = '';
let log: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes-install-'));
  log = [];
  await mkdir(join(root, 'bin'));
  for (const tool of ['sh', 'mkdir', 'cat', 'echo']) {
    await symlink(`/bin/${tool}`, join(root, 'bin', tool));
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function script(name: string, body: string): Promise<void> {
  await writeFile(join(root, 'bin', name), `#!/bin/sh\n${body}\n`);
  await chmod(join(root, 'bin', name), 0o755);
}

/** Answers as Java 17; started with a script to compile, it does that. */
const JAVA = `
case "$1" in -version) echo 'openjdk version "17.0.2"' >&2; exit 0;; esac
for word; do target=$word; done
mkdir -p "$target/META-INF" && echo x > "$target/META-INF/extensions.idx"`;

/** Puts a jar where it was told to. */
const MAVEN = `
for word; do case "$word" in -DoutputDirectory=*) lib=\${word#*=};; esac; done
mkdir -p "$lib" && echo x > "$lib/nextflow-24.10.0.jar"`;

function install(maySystemInstall = false): Promise<InstallResult> {
  return installEngine('nextflow', {
    installRoot: join(root, 'engines'),
    log: (line) => log.push(line),
    environment: { PATH: join(root, 'bin'), JAVA_HOME: root },
    maySystemInstall,
    force: true,
  });
}

test('the jars come from Maven, the observer is compiled, and both are found the next time', async () => {
  await script('java', JAVA);
  await script('mvn', MAVEN);
  expect(await install()).toMatchObject({
    how: 'private environment',
    installation: { version: '24.10.0' },
  });
  const names = await readdir(join(root, 'engines/nextflow/24.10.0'));
  expect(names.filter((name) => name.startsWith('observer-'))).toHaveLength(1);
  expect(names.toSorted()).toEqual(expect.arrayContaining(['installed.json', 'lib', 'pom.xml']));
  expect(await install()).toMatchObject({ how: 'found' });
});

test('an installation whose observer is another one than now gets it', async () => {
  await script('java', JAVA);
  await script('mvn', MAVEN);
  await install();
  const directory = join(root, 'engines/nextflow/24.10.0');
  const observer = (await readdir(directory)).find((name) => name.startsWith('observer-')) ?? '';
  await rm(join(directory, observer), { recursive: true });
  expect(await install()).toMatchObject({ how: 'found' });
  expect(await readdir(directory)).toContain(observer);
});

test('what is missing is told, and nothing is left', async () => {
  await script('java', JAVA);
  expect(await install()).toBeUndefined();
  expect(log).toContain('That did not work: mvn: not installed');
  expect(log.at(-1)).toContain('apt-get install maven default-jre-headless');
  expect(await readdir(join(root, 'engines/nextflow'))).toEqual([]);
});

test('a Nextflow that can not be started is removed', async () => {
  await script('java', `${JAVA.split('\n')[1]}\necho broken >&2; exit 1`);
  await script('mvn', MAVEN);
  expect(await install()).toBeUndefined();
  expect(log.join('\n')).toContain('installed but can not be started: broken');
  expect(await readdir(join(root, 'engines/nextflow'))).toEqual([]);
});

test('root gets Java and Maven as packages of the system', async () => {
  const bin = join(root, 'bin');
  await script('hidden-java', JAVA);
  await script('hidden-mvn', MAVEN);
  await symlink('/bin/mv', join(bin, 'mv'));
  await script(
    'apt-get',
    `[ "$1" = install ] || exit 0; mv ${bin}/hidden-java ${bin}/java; mv ${bin}/hidden-mvn ${bin}/mvn`,
  );
  expect(await install(true)).toMatchObject({ how: 'private environment' });
  expect(log).toContain('Installing the packages maven default-jre-headless of this system …');
});
