import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProbe } from '../../../src/cli/engines/probe.ts';
import type { EngineInstallation } from '../../../src/engines/engine.ts';
import { detectNextflow, versionIn } from '../../../src/engines/nextflow/detect.ts';
import { majorVersion } from '../../../src/engines/nextflow/java.ts';

/** A machine of scripts: what is on PATH is a few plain tools and these. */
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes detect-'));
  await mkdir(join(root, 'bin'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function program(name: string, body: string): Promise<void> {
  await writeFile(join(root, 'bin', name), `#!/bin/sh\n${body}\n`);
  await chmod(join(root, 'bin', name), 0o755);
}

async function privateCopy(version: string, isComplete = true): Promise<void> {
  const directory = join(root, 'engines/nextflow', version);
  await mkdir(join(directory, 'lib'), { recursive: true });
  await writeFile(join(directory, 'lib', `nextflow-${version}.jar`), '');
  if (isComplete) await writeFile(join(directory, 'installed.json'), '{}');
}

function detect(): Promise<readonly EngineInstallation[]> {
  const environment = { PATH: `${join(root, 'bin')}:/bin`, HOME: '/home/someone', JAVA_HOME: root };
  return detectNextflow(createProbe({ environment }), { installRoot: join(root, 'engines') });
}

const javaOf = (version: string): string => `echo 'openjdk version "${version}"' >&2`;

test('private copies are found with a Java that is new enough, the newest first', async () => {
  await program('java', javaOf('21.0.2'));
  await privateCopy('24.10.0');
  await privateCopy('24.10.10');
  await privateCopy('25.04.4', false);
  const found = await detect();
  expect(found.map(({ version }) => version)).toEqual(['24.10.10', '24.10.0']);
  const jars = join(root, 'engines/nextflow/24.10.10/lib/*');
  expect(found[0]?.launcher).toEqual([
    join(root, 'bin/java'),
    '-cp',
    jars,
    'nextflow.cli.Launcher',
  ]);
});

test('a program on the PATH keeps its own parts, and is not asked to fetch any', async () => {
  await program('nextflow', '[ "$NXF_OFFLINE" = true ] && echo nextflow version 25.04.1.5945');
  await program('java', javaOf('17.0.1'));
  await privateCopy('24.10.0');
  const [newest, older] = await detect();
  expect(newest?.version).toBe('25.04.1');
  expect(newest?.launcher).toEqual([
    '/usr/bin/env',
    'NXF_DIST=/home/someone/.nextflow/framework',
    'CAPSULE_CACHE_DIR=/home/someone/.nextflow/capsule',
    'NXF_PLUGINS_DIR=/home/someone/.nextflow/plugins',
    join(root, 'bin/nextflow'),
  ]);
  expect(older?.version).toBe('24.10.0');
});

test.each([
  ['that can not be started', 'exit 1'],
  ['that is too old', 'echo nextflow version 23.10.1.5891'],
])('a program %s does not count', async (_what, body) => {
  await program('nextflow', body);
  expect(await detect()).toEqual([]);
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_292"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['command not found', 0],
])('the Java of %j is %i', (text, major) => {
  expect(majorVersion(text)).toBe(major);
});

test('edge releases are told as such', () => {
  expect(versionIn('nextflow version 25.05.0-edge.5947')).toBe('25.05.0-edge');
});
