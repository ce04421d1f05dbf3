import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { classifyEnd } from '../../../src/engines/driven/classify.ts';
import { runDirectory, type RunDirectory } from '../../../src/runs/run-directory.ts';

let root = '';
let directory: RunDirectory;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes classify-'));
  directory = runDirectory(root, '0198-run', 2);
  await mkdir(directory.root, { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const tell = (...events: readonly object[]): Promise<void> =>
  writeFile(directory.events, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
const engineEnded = (status: string, message = ''): object => ({
  event: 'engine_ended',
  status,
  message,
});

test('success without an output object is the fault of the system', async () => {
  await tell(engineEnded('success'));
  expect(await classifyEnd(0, directory)).toMatchObject({ state: 'SYSTEM_ERROR' });
  await writeFile(join(directory.root, 'outputs.json'), '{}');
  expect(await classifyEnd(0, directory)).toMatchObject({ state: 'COMPLETE' });
});

test('an engine that ended without a word is quoted from its log', async () => {
  await writeFile(directory.stderr, 'Traceback\nModuleNotFoundError: cwltool\n');
  expect(await classifyEnd(1, directory)).toEqual({
    state: 'SYSTEM_ERROR',
    reason:
      'The engine ended without a result (exit code 1). Its last words:\nTraceback\nModuleNotFoundError: cwltool',
  });
});

test.each([
  [137, 'killed, perhaps for lack of memory'],
  [127, 'its command was not found'],
  [140, 'signal 12'],
])('exit code %d is explained', async (code, meaning) => {
  const { state, reason } = await classifyEnd(code, directory);
  expect(state).toBe('SYSTEM_ERROR');
  expect(reason).toContain(meaning);
});

test('what the machine lacks is the fault of the system', async () => {
  await tell(engineEnded('error', '[Errno 28] No space left on device'));
  expect(await classifyEnd(1, directory)).toEqual({
    state: 'SYSTEM_ERROR',
    reason: 'The engine could not go on: [Errno 28] No space left on device',
  });
});

test('of several failed tasks the first is told, and how many followed', async () => {
  const stderr = join(directory.root, 'stderr-of-task');
  await writeFile(stderr, Array.from({ length: 100 }, (_, n) => `line ${n}`).join('\n'));
  const failed = { event: 'task_ended', at: 2, exit_code: 9, status: 'permanentFail' };
  await tell(
    { event: 'task_started', task: '1', at: 1, name: 'align', command: [], stderr },
    { ...failed, task: '1' },
    { ...failed, task: '2' },
    engineEnded('permanentFail'),
  );
  const { state, reason } = await classifyEnd(1, directory);
  expect(state).toBe('EXECUTOR_ERROR');
  expect(reason).toMatch(/^Task 'align' failed with exit code 9\.\n1 more failed after it\./);
  expect(reason).toMatch(/line 80\n.*line 99$/s);
  expect(reason).not.toContain('line 79\n');
});

test('a failure without a failed task has the words of the engine', async () => {
  const ended = { event: 'task_ended', task: '1', at: 2, exit_code: 0, status: 'success' };
  await tell(ended, engineEnded('permanentFail', 'Failed to evaluate expression'));
  expect(await classifyEnd(1, directory)).toEqual({
    state: 'EXECUTOR_ERROR',
    reason: 'The workflow failed. Failed to evaluate expression',
  });
});

test('a failure before any task means that the inputs were refused', async () => {
  await tell(engineEnded('permanentFail', "Missing required input parameter 'reads'"));
  expect(await classifyEnd(1, directory)).toEqual({
    state: 'EXECUTOR_ERROR',
    reason:
      "The engine refused the workflow or its inputs. Missing required input parameter 'reads'",
  });
});

test('no path of the machine is told, in whichever form the engine writes it', async () => {
  const encoded = encodeURI(directory.execution);
  const forms = [
    `${directory.execution}/a.cwl:1`,
    `file://${directory.execution}/b.cwl:2`,
    `file://${encoded}/c.cwl:3`,
    `../../..${encoded}/d.cwl:4`,
    `'${directory.root}/tmp/e'`,
  ];
  await tell(engineEnded('invalid', forms.join(' ')));
  const { reason } = await classifyEnd(1, directory);
  expect(reason).toContain("a.cwl:1 b.cwl:2 c.cwl:3 d.cwl:4 'tmp/e'");
  expect(reason).not.toContain('0198-run');
});

test('attempts that were tried again, ignored or stopped are not what a run failed of', async () => {
  const ended = (task: string, status: string): readonly object[] => [
    { event: 'task_started', task, name: `task ${task}` },
    { event: 'task_ended', task, exit_code: 7, status },
  ];
  const harmless = [...ended('1', 'retried'), ...ended('2', 'ignored'), ...ended('3', 'stopped')];
  await tell(...harmless, ...ended('4', 'permanentFail'), engineEnded('permanentFail'));
  expect((await classifyEnd(1, directory)).reason).toBe("Task 'task 4' failed with exit code 7.");
  await tell(...harmless, engineEnded('permanentFail', 'no such channel'));
  expect((await classifyEnd(1, directory)).reason).toBe('The workflow failed. no such channel');
});

test('a workflow that failed after tasks whose results were taken was not refused', async () => {
  const expression = engineEnded('permanentFail', 'the expression gave no number');
  await tell({ event: 'task_cached', task: '1', name: 'first' }, expression);
  expect(await classifyEnd(1, directory)).toEqual({
    state: 'EXECUTOR_ERROR',
    reason: 'The workflow failed. the expression gave no number',
  });
});
