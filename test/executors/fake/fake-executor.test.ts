import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Command } from '../../../src/runs/command.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import { runDirectory, type RunDirectory } from '../../../src/runs/run-directory.ts';
import { createFakeEngine } from '../../../src/engines/fake.ts';
import { createFakeExecutor } from '../../../src/executors/fake/fake-executor.ts';
import { describeExecutor } from '../../conformance/executor.ts';

const ENGINE = createFakeEngine();
const START = Date.UTC(2026, 0, 1);

function simulated(work: JsonObject, directory: RunDirectory): Command {
  return ENGINE.command({
    runId: 'r',
    request: {
      workflowType: 'FAKE',
      workflowTypeVersion: '1.0',
      workflowUrl: 'https://example.org/workflow',
      workflowParams: { fake: work },
    },
    installation: { engine: 'fake', version: '1.0', launcher: ['fake-engine'] },
    directory,
    cores: 1,
    searchPath: '',
    allowedFileRoots: [],
  });
}

const executions = (directory: RunDirectory): Promise<string[]> =>
  readdir(directory.temporary).catch(() => []);

describeExecutor('fake', {
  // A directory of marks for each run, beside which the suite's runs know nothing of one another.
  createExecutor: () => {
    const plain = createFakeExecutor();
    return {
      ...plain,
      start: async (command, job) => {
        const markDirectory = join(job.runRoot, 'tmp');
        await mkdir(markDirectory, { recursive: true });
        return createFakeExecutor({ markDirectory }).start(command, job);
      },
    };
  },
  command: ({ seconds, exitCode }, directory) =>
    simulated({ seconds, exit_code: exitCode }, directory),
  countExecutions: async (directory) => (await executions(directory)).length,
});

describe('the fake executor', () => {
  let workRoot = '';
  let directory: RunDirectory;
  let clock = START;
  const executor = createFakeExecutor({ now: () => clock });

  beforeEach(async () => {
    workRoot = await mkdtemp(join(tmpdir(), 'wes-fake-'));
    directory = runDirectory(workRoot, randomUUID(), 1);
    for (const path of [directory.job, directory.outputs]) await mkdir(path, { recursive: true });
    clock = START;
  });
  afterEach(() => rm(workRoot, { recursive: true }));

  const start = (work: JsonObject, attempt = 1): Promise<string> =>
    executor.start(simulated(work, directory), {
      runId: 'r',
      attempt,
      directory: directory.job,
      runRoot: directory.root,
    });

  test('has done as much as the clock says, for every process that asks', async () => {
    const tasks = [
      { name: 'align', seconds: 10, stdout: 'abcdefghij' },
      { name: 'sort', seconds: 5 },
    ];
    const jobId = await start({ tasks, stdout: 'one two three 4', outputs: { 'a.txt': 'A' } });
    clock = START + 5000;
    expect(await executor.poll(jobId)).toEqual({ status: 'running' });
    const first = await ENGINE.tasks(directory, 0);
    expect(first.events).toMatchObject([
      { type: 'started', taskId: '1', at: START, name: 'align' },
    ]);
    expect(await readFile(join(directory.tasks, '1/stdout'), 'utf8')).toBe('abcde');
    expect(await readFile(directory.stdout, 'utf8')).toBe('one t');

    clock = START + 20_000;
    const other = createFakeExecutor({ now: () => clock });
    expect(await other.poll(jobId)).toEqual({ status: 'exited', code: 0 });
    expect((await ENGINE.tasks(directory, first.cursor)).events).toMatchObject([
      { type: 'ended', taskId: '1', at: START + 10_000, exitCode: 0 },
      { type: 'started', taskId: '2', at: START + 10_000, name: 'sort' },
      { type: 'ended', taskId: '2', at: START + 15_000, exitCode: 0 },
    ]);
    expect(await readFile(directory.stdout, 'utf8')).toBe('one two three 4');
    expect(await ENGINE.outputs(directory)).toEqual({
      object: {
        'a.txt': { class: 'File', location: 'wes-output:a.txt', basename: 'a.txt', size: 1 },
      },
      files: [{ path: 'a.txt', source: join(directory.outputs, 'a.txt') }],
    });
  });

  test('ends with the first task that fails', async () => {
    const tasks = [
      { name: 'a', seconds: 1, exit_code: 3 },
      { name: 'b', seconds: 1 },
    ];
    const jobId = await start({ tasks, outputs: { 'a.txt': 'A' } });
    clock = START + 1000;
    expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 3 });
    expect((await ENGINE.tasks(directory, 0)).events).toHaveLength(2);
    expect(await readdir(directory.outputs)).toEqual([]);
  });

  test('loses as many attempts as it was asked to', async () => {
    const jobId = await start({ lose: 1 }, 1);
    expect(await executor.poll(jobId)).toMatchObject({ status: 'lost' });
    directory = runDirectory(workRoot, 'r', 2);
    await mkdir(directory.job, { recursive: true });
    expect(await executor.poll(await start({ lose: 1 }, 2))).toMatchObject({ status: 'exited' });
  });

  test('ends a job that ignores the stop signal when the grace time is over', async () => {
    const ticking = createFakeExecutor({ now: () => (clock += 5) });
    const jobId = await start({ seconds: 600, ignore_cancel_seconds: 60 });
    const before = clock;
    await ticking.cancel(jobId, { graceSeconds: 0.2 });
    expect(clock - before).toBeGreaterThanOrEqual(200);
    expect(await ticking.poll(jobId)).toEqual({ status: 'exited', code: 143 });
  });

  test('can fail to start, and can have a job that nothing stops', async () => {
    await expect(start({ start_fails: true })).rejects.toThrow(/failing start/);
    const jobId = await start({ seconds: 600, unstoppable: true });
    await expect(executor.cancel(jobId, { graceSeconds: 0 })).rejects.toThrow(/not be stopped/);
    expect(await executor.poll(jobId)).toEqual({ status: 'running' });
  });

  test('tells when the request asked for a job out of memory', async () => {
    const jobId = await start({ seconds: 5, out_of_memory: true });
    clock = START + 5000;
    const expected = { status: 'exited', code: 137, outOfMemory: true };
    expect(await executor.poll(jobId)).toEqual(expected);
  });

  test('dates what happens after a pause by the clock, and loses none of the work', async () => {
    const tasks = [
      { name: 'align', seconds: 10, stdout: 'abcdefghij' },
      { name: 'sort', seconds: 5 },
    ];
    const jobId = await start({ tasks });
    clock = START + 4000;
    await executor.pause(jobId);
    clock = START + 100_000;
    expect(await executor.poll(jobId)).toEqual({ status: 'running' });
    expect(await readFile(join(directory.tasks, '1/stdout'), 'utf8')).toBe('abcd');
    await executor.resume(jobId);
    clock = START + 105_000;
    await executor.poll(jobId);
    expect(await readFile(join(directory.tasks, '1/stdout'), 'utf8')).toBe('abcdefghi');
    await executor.pause(jobId);
    clock = START + 205_000;
    await executor.resume(jobId);
    clock = START + 300_000;
    expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 0 });
    expect((await ENGINE.tasks(directory, 0)).events).toMatchObject([
      { type: 'started', taskId: '1', at: START },
      { type: 'ended', taskId: '1', at: START + 206_000 },
      { type: 'started', taskId: '2', at: START + 206_000 },
      { type: 'ended', taskId: '2', at: START + 211_000 },
    ]);
  });

  test('a paused job that is stopped does no more work', async () => {
    const jobId = await start({ seconds: 600, stdout: 'x'.repeat(600) });
    clock = START + 100_000;
    await executor.pause(jobId);
    clock = START + 200_000;
    await executor.cancel(jobId, { graceSeconds: 0 });
    expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 143 });
    expect(await readFile(directory.stdout, 'utf8')).toHaveLength(100);
  });

  test('says that a job is lost whose directory is gone', async () => {
    const jobId = await start({});
    await rm(directory.job, { recursive: true });
    expect(await executor.poll(jobId)).toMatchObject({ status: 'lost' });
  });
});
