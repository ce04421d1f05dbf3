import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProbe } from '../../../src/cli/engines/probe.ts';
import { CWLTOOL_PACKAGE } from '../../../src/engines/cwltool/package.ts';
import { compareVersions } from '../../../src/engines/driven/installations.ts';
import { detectPythonPackage, interpreterOf } from '../../../src/engines/python/detect.ts';
import type { EngineInstallation, Probe } from '../../../src/engines/engine.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes detect-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** An executable that answers as a Python with this cwltool would, or as one without. */
async function fakePython(path: string, version?: string, needsUser = false): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  const answer = JSON.stringify({ version, python: path, place: '/site packages' });
  const isolated = needsUser ? '[ "$1" = -I ] && exit 1' : ':';
  const script = version === undefined ? 'exit 1' : `${isolated}; echo warning; echo '${answer}'`;
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

async function privateEnvironment(version: string, isComplete = true): Promise<void> {
  const directory = join(root, 'cwltool', version);
  await fakePython(join(directory, 'bin', 'python'), version);
  if (isComplete) await writeFile(join(directory, 'installed.json'), '{}');
}

/** Only what lies in `root/bin` is on PATH, and nothing of this machine is asked. */
function detect(): Promise<readonly EngineInstallation[]> {
  const environment = { PATH: `${join(root, 'bin')}:/bin` };
  const real = createProbe({ environment });
  const probe: Probe = async (argv) =>
    argv[0] === '/usr/bin/python3' || argv[0] === 'python3' ? undefined : real(argv);
  return detectPythonPackage(CWLTOOL_PACKAGE, probe, { installRoot: root });
}

test('without any there is none', async () => {
  expect(await detect()).toEqual([]);
});

test('private environments are found, the newest first, half-built ones are not', async () => {
  await privateEnvironment('3.9.1');
  await privateEnvironment('3.10.1');
  await privateEnvironment('3.11.1', false);
  expect(await detect()).toEqual([
    {
      engine: 'cwltool',
      version: '3.10.1',
      launcher: [join(root, 'cwltool', '3.10.1', 'bin', 'python')],
    },
    { engine: 'cwltool', version: '3.9.1', launcher: [join(root, 'cwltool/3.9.1/bin/python')] },
  ]);
});

test('the cwltool on PATH is found through the Python of its script', async () => {
  const python = await fakePython(join(root, 'opt', 'python3'), '3.2.0');
  await mkdir(join(root, 'bin'));
  await writeFile(
    join(root, 'bin', 'cwltool'),
    `#!/bin/sh\n'''exec' "${python}" "$0" "$@"\n' '''\n`,
  );
  await chmod(join(root, 'bin', 'cwltool'), 0o755);
  expect(await detect()).toEqual([{ engine: 'cwltool', version: '3.2.0', launcher: [python] }]);
});

test('packages that only this user has are named to Python explicitly', async () => {
  const python = await fakePython(join(root, 'opt', 'python3'), '3.2.0', true);
  await mkdir(join(root, 'bin'));
  await writeFile(join(root, 'bin', 'cwltool'), `#!/bin/sh\n'''exec' "${python}" "$0" "$@"\n`);
  await chmod(join(root, 'bin', 'cwltool'), 0o755);
  expect(await detect()).toEqual([
    {
      engine: 'cwltool',
      version: '3.2.0',
      launcher: ['/usr/bin/env', 'PYTHONPATH=/site packages', python],
    },
  ]);
});

test('a version that is there twice counts once, the private one', async () => {
  await privateEnvironment('3.2.0');
  const python = await fakePython(join(root, 'opt', 'python3'), '3.2.0');
  await mkdir(join(root, 'bin'));
  await writeFile(join(root, 'bin', 'cwltool'), `#!${python}\n`);
  await chmod(join(root, 'bin', 'cwltool'), 0o755);
  const found = await detect();
  expect(found.map(({ launcher }) => launcher[0])).toEqual([
    join(root, 'cwltool', '3.2.0', 'bin', 'python'),
  ]);
});

test('a Python whose cwltool can not be imported, or that answers nonsense, does not count', async () => {
  const answers = ['', '3.2', '{"version": 3}', '[]'];
  for (const stdout of answers) {
    const probe: Probe = async () => ({ exitCode: 0, stdout, stderr: '' });
    expect(await detectPythonPackage(CWLTOOL_PACKAGE, probe, { installRoot: root })).toEqual([]);
  }
});

test.each([
  ['#!/usr/bin/python3\nimport re', '/usr/bin/python3'],
  ['#!/usr/bin/env python3\n', 'python3'],
  ['#!/usr/bin/env -S python3.11 -s\n', 'python3.11'],
  ['#! /opt/conda/bin/python\n', '/opt/conda/bin/python'],
  [`#!/bin/sh\n'''exec' /a/b/python3.12 "$0" "$@"\n' '''`, '/a/b/python3.12'],
  [`#!/bin/sh\n'''exec' "/a b/python" "$0" "$@"\n' '''`, '/a b/python'],
  ['#!/bin/bash\nexec pyenv exec cwltool "$@"', undefined],
  ['\u007fELF', undefined],
])('the Python of %j is %s', (script, python) => {
  expect(interpreterOf(script)).toBe(python);
});

test('versions are compared by their numbers', () => {
  expect(['3.2', '3.10', '3.1.20230209'].toSorted(compareVersions)).toEqual([
    '3.1.20230209',
    '3.2',
    '3.10',
  ]);
});
