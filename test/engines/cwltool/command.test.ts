import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { EngineContext } from '../../../src/engines/engine.ts';
import type { Command } from '../../../src/runs/command.ts';
import { runDirectory, type RunDirectory } from '../../../src/runs/run-directory.ts';
import { cwlRequest } from '../../support/cwl-samples.ts';

let root = '';
let directory: RunDirectory;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes-command-'));
  directory = runDirectory(root, 'run', 1);
  await attach('main.cwl');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function attach(name: string): Promise<void> {
  await mkdir(dirname(join(directory.execution, name)), { recursive: true });
  await writeFile(join(directory.execution, name), '');
}

function command(changes: Partial<EngineContext> = {}): Command {
  return createCwltoolEngine().command({
    runId: 'the-run',
    request: cwlRequest(),
    installation: { engine: 'cwltool', version: '3', launcher: ['/opt/python'] },
    directory,
    cores: 4,
    searchPath: '/opt/node/bin:/bin',
    allowedFileRoots: [],
    ...changes,
  });
}

test('the environment is its own but for what the operator lets through', () => {
  const environment = { https_proxy: 'proxy', HOME: '/not/this', PATH: '/no', WES_RUN_ID: 'other' };
  expect(command({ environment }).environment).toMatchObject({
    PATH: '/opt/node/bin:/bin',
    HOME: directory.home,
    TMPDIR: directory.temporary,
    WES_RUN_ID: 'the-run',
    https_proxy: 'proxy',
  });
});

test('the driver gets the cores, the roots and the places, cwltool the rest', () => {
  const { argv } = command({ allowedFileRoots: ['/refs', '/data'] });
  const [launcher, driver] = argv;
  expect([launcher, driver]).toEqual(['/opt/python', expect.stringMatching(/cwltool\/driver$/)]);
  const text = argv.join(' ');
  expect(text).toContain('--cores 4 --allow-root /refs --allow-root /data --');
  expect(text).toContain('-- --no-container --disable-ga4gh-tool-registry');
});

test.each([
  ['docker', []],
  ['podman', ['--podman']],
  ['singularity', ['--singularity']],
  ['apptainer', ['--singularity']],
] as const)('with %s, cwltool gets %j', (containers, options) => {
  const { argv } = command({ containers });
  expect(argv).not.toContain('--no-container');
  expect(argv).toEqual(expect.arrayContaining(['--containers', containers, ...options]));
});

test('containers that are no processes of the run are known by its directory', () => {
  const label = `wes-run=${directory.root}`;
  expect(command({ containers: 'docker' }).containers).toEqual({ program: 'docker', label });
  expect(command({ containers: 'podman' }).containers).toEqual({ program: 'podman', label });
  expect(command({ containers: 'apptainer' }).containers).toBeUndefined();
  expect(command().containers).toBeUndefined();
});

test('parameters become options', () => {
  const standard = command().argv;
  expect(standard).toEqual(expect.arrayContaining(['--strict', '--relax-path-checks']));
  expect(standard.join(' ')).toContain('--on-error stop --eval-timeout 60');
  const workflowEngineParameters = {
    parallel: 'false',
    'on-error': 'continue',
    'relax-path-checks': 'false',
    'eval-timeout': '5',
    strict: 'false',
    'skip-schemas': 'true',
    debug: 'true',
  };
  const changed = command({ request: cwlRequest({ workflowEngineParameters }) }).argv;
  expect(changed).not.toContain('--relax-path-checks');
  expect(changed).toEqual(expect.arrayContaining(['--serial', '--skip-schemas', '--debug']));
  expect(changed.join(' ')).toContain('--on-error continue --eval-timeout 5 --non-strict');
});

const workflowOf = (workflowUrl: string, allowedFileRoots: readonly string[] = []): unknown =>
  command({ request: cwlRequest({ workflowUrl }), allowedFileRoots }).argv.at(-1);

test('the workflow is an attachment, a remote address or an allowed file', async () => {
  await attach('flows/my main#1.cwl');
  const at = `file://${directory.execution}`;
  expect(workflowOf('main.cwl')).toBe(`${at}/main.cwl`);
  expect(workflowOf('main.cwl#sub')).toBe(`${at}/main.cwl#sub`);
  expect(workflowOf('flows/my main#1.cwl')).toBe(`${at}/flows/my%20main%231.cwl`);
  expect(workflowOf('https://host/x.cwl#main')).toBe('https://host/x.cwl#main');
  expect(workflowOf('file:///refs/x.cwl#main', ['/refs'])).toBe('file:///refs/x.cwl#main');
});

test('a workflow that was not attached or lies elsewhere is refused', () => {
  expect(() => workflowOf('other.cwl')).toThrow(/workflow_url/);
  expect(() => workflowOf('file:///etc/x.cwl')).toThrow(/workflow_url/);
});

test('the inputs are always there, in characters that YAML knows', () => {
  expect(command().files).toEqual([{ path: directory.inputs, content: '{}' }]);
  const request = cwlRequest({ workflowParams: { text: 'a\u2028\u0085b', n: [1, null] } });
  expect(command({ request }).files[0]?.content).toBe('{"text":"a\\u2028\\u0085b","n":[1,null]}');
});
