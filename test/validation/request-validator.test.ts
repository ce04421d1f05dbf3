import { afterEach, expect, test } from 'vitest';
import type { EngineValidation } from '../../src/engines/engine.ts';
import type { RunSetup } from '../support/engine-run.ts';
import { createShellEngine } from '../support/shell-engine.ts';
import { until } from '../support/until.ts';
import {
  createTestValidation,
  type TestValidation,
  type TestValidationOptions,
} from '../support/validation.ts';

const VERSION = '1.0';
const INSTALLATION = { engine: 'shell', version: VERSION, launcher: ['sh', '-c'] };

/** Executes `workflow_params.check`: what real engines never do. 0 is valid, 1 invalid, else unknown. */
const validation: EngineValidation = {
  command: (context) => ({
    ...shell.command({ ...context, cores: 1 }),
    argv: [
      String(context.request.workflowParams?.program ?? 'sh'),
      ...['-c', String(context.request.workflowParams?.check)],
    ],
    files: [
      {
        path: `${context.directory.root}/placeholders`,
        content: context.placeholders.map((path) => path.split('/').at(-1)).join(' '),
      },
    ],
  }),
  verdict: async (exitCode) => {
    if (exitCode === 0) return { kind: 'valid' };
    if (exitCode === 1) return { kind: 'invalid', field: 'workflow_params', problem: 'wrong' };
    return { kind: 'unknown', reason: `exit code ${exitCode}` };
  },
};
const shell = createShellEngine();
const engine = { ...shell, validation };

let checks: TestValidation;
afterEach(() => checks.close());

async function start(options: Partial<TestValidationOptions> = {}): Promise<void> {
  checks = await createTestValidation(engine, { installations: [INSTALLATION], ...options });
}

function run(check: string, changes: Partial<RunSetup['request']> = {}): RunSetup {
  return {
    request: {
      ...{ workflowType: 'SHELL', workflowTypeVersion: VERSION, workflowUrl: 'main.sh' },
      workflowParams: { check },
      ...changes,
    },
    files: { 'main.sh': 'the document', 'data/reads': 'x'.repeat(2 * 1024 * 1024) },
  };
}

const lasting = (): Promise<boolean> => until(async () => (await checks.processes()).length > 0);

test('verdicts are the engine’s own, and nothing stays of the check', async () => {
  await start();
  expect(await checks.validate(run('exit 0'))).toEqual({ kind: 'valid' });
  expect(await checks.validate(run('exit 1'))).toMatchObject({ kind: 'invalid' });
  expect(await checks.places()).toEqual([]);
  expect(checks.logs).toEqual([]);
});

test('documents lie where the run will have them; data has its name and size, but takes no room', async () => {
  await start();
  const script = [
    'test "$(cat main.sh)" = "the document"',
    'test "$(stat -c %s data/reads)" = 2097152',
    'test "$(stat -c %b data/reads)" = 0',
    'test "$(cat ../placeholders)" = reads',
    'test "$(stat -c %a .)" = 700',
  ].join(' && ');
  expect(await checks.validate(run(script))).toEqual({ kind: 'valid' });
});

test('a check that crashes gives no verdict, and the log says why', async () => {
  await start();
  expect(await checks.validate(run('kill -SEGV $$'))).toMatchObject({ kind: 'unknown' });
  expect(checks.logs).toEqual([
    expect.objectContaining({ engine: 'shell', reason: 'exit code 139' }),
  ]);
});

test('a check that takes too long gives no verdict, and all of its processes are ended', async () => {
  await start({ timeoutSeconds: 1 });
  const stubborn = 'trap "" TERM; setsid sh -c "trap \\"\\" TERM; sleep 300" & sleep 300';
  const verdict = checks.validate(run(stubborn));
  await lasting();
  expect(await verdict).toEqual({ kind: 'unknown', reason: 'it took too long' });
  await until(async () => (await checks.processes()).length === 0);
  await until(async () => (await checks.places()).length === 0);
});

test('when the service stops, checks under way end with it', async () => {
  await start();
  const verdict = checks.validate(run('sleep 300'));
  await lasting();
  await checks.stop();
  expect(await verdict).toEqual({ kind: 'unknown', reason: 'the service stops' });
  expect(await checks.processes()).toEqual([]);
  expect(await checks.places()).toEqual([]);
});

test('where too many wait, others are not checked rather than kept waiting', async () => {
  await start({ concurrency: 1 });
  const reasons: string[] = [];
  const all = Array.from({ length: 10 }, async () => {
    const verdict = await checks.validate(run('sleep 300'));
    reasons.push(verdict.kind === 'unknown' ? verdict.reason : verdict.kind);
  });
  // One runs and four wait.
  await until(() => reasons.length === 5, { timeoutMs: 20_000 });
  expect(new Set(reasons)).toEqual(new Set(['too many others are being checked']));
  await checks.stop();
  await Promise.all(all);
  expect(reasons.slice(5)).toEqual(Array(5).fill('the service stops'));
});

test.each([
  ['a workflow in the web', run('exit 1', { workflowUrl: 'https://example.org/main.sh' }), {}],
  ['a version that is elsewhere', run('exit 1', { workflowEngineVersion: '2.0' }), {}],
  [
    'an engine of which a daemon has a newer version',
    run('exit 1'),
    {
      offers: [{ engine: 'shell', versions: ['2.0', VERSION], workflowTypes: {}, parameters: [] }],
    },
  ],
])('%s is not checked here', async (_name, setup, options) => {
  await start(options);
  expect(await checks.validate(setup)).toMatchObject({ kind: 'unknown' });
  expect(checks.logs).toHaveLength(1);
});

test('an engine without validation, or of other machines, is passed by without a word', async () => {
  checks = await createTestValidation(shell, { installations: [INSTALLATION] });
  expect(await checks.validate(run('exit 1'))).toMatchObject({ kind: 'unknown' });
  expect(checks.logs).toEqual([]);
});

test('a check whose program is not there gives no verdict', async () => {
  await start({ installations: [INSTALLATION] });
  const setup = run('exit 0');
  const absent = { ...setup.request, workflowParams: { program: '/nowhere/engine' } };
  expect(await checks.validate({ ...setup, request: absent })).toMatchObject({ kind: 'unknown' });
  expect(checks.logs).toEqual([
    expect.objectContaining({ reason: expect.stringContaining('ENOENT') }),
  ]);
});
