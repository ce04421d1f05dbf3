import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Command } from '../../src/runs/command.ts';
import { runDirectory, type RunDirectory } from '../../src/runs/run-directory.ts';
import type { Executor, JobContext, JobId, JobStatus } from '../../src/executors/executor.ts';
import { until } from '../support/until.ts';

export interface ExecutorFixture {
  /** Each call stands for another process: the executors share nothing but the disk. */
  createExecutor(): Executor;
  /** A command that takes so long and then ends with the code; it leaves a line in stdout when it starts. */
  command(work: Work, directory: RunDirectory): Command;
  /** How often the command was executed. */
  countExecutions(directory: RunDirectory): Promise<number>;
}

export interface Work {
  readonly seconds: number;
  readonly exitCode: number;
}

const LONG = { seconds: 600, exitCode: 0 };
/** Long enough to be paused before it ends, also on a busy machine. */
const SOME = { seconds: 3, exitCode: 3 };
const SHORT = { seconds: 0, exitCode: 0 };

/** The promises of `Executor`, for each implementation. */
export function describeExecutor(name: string, fixture: ExecutorFixture): void {
  describe(`the executor ${name}`, () => {
    let workRoot = '';
    let directory: RunDirectory;
    let job: JobContext;
    let executor: Executor;
    const started: JobId[] = [];

    beforeEach(async () => {
      workRoot = await mkdtemp(join(tmpdir(), 'wes-executor-'));
      const runId = randomUUID();
      directory = runDirectory(workRoot, runId, 1);
      for (const path of [directory.job, directory.execution, directory.outputs]) {
        await mkdir(path, { recursive: true });
      }
      job = { runId, attempt: 1, directory: directory.job, runRoot: directory.root };
      executor = fixture.createExecutor();
    });
    afterEach(async () => {
      for (const jobId of started.splice(0)) {
        await executor.cancel(jobId, { graceSeconds: 0 });
        await executor.cleanup(jobId);
      }
      await rm(workRoot, { recursive: true });
    });

    async function start(work: Work, by: Executor = executor): Promise<JobId> {
      const jobId = await by.start(fixture.command(work, directory), job);
      started.push(jobId);
      return jobId;
    }

    /** Starts a job of another run and waits for its end: so much time has passed. */
    async function pass(work: Work): Promise<void> {
      const other = runDirectory(workRoot, randomUUID(), 1);
      for (const path of [other.job, other.execution, other.outputs]) {
        await mkdir(path, { recursive: true });
      }
      const context = {
        runId: randomUUID(),
        attempt: 1,
        directory: other.job,
        runRoot: other.root,
      };
      const jobId = await executor.start(fixture.command(work, other), context);
      started.push(jobId);
      await ended(jobId);
    }

    const ended = (jobId: JobId): Promise<JobStatus> =>
      until(async () => {
        const status = await executor.poll(jobId);
        return status.status !== 'running' && status.status !== 'pending' && status;
      });

    test('finds what it needs on this machine', async () => {
      await expect(executor.check()).resolves.toBeUndefined();
    });

    test.each([0, 3, 143])('tells the exit code %i', async (exitCode) => {
      const jobId = await start({ seconds: 0, exitCode });
      expect(await ended(jobId)).toEqual({ status: 'exited', code: exitCode });
    });

    test('tells that a job is running, also to another process', async () => {
      const jobId = await start(LONG);
      expect(await executor.poll(jobId)).toEqual({ status: 'running' });
      expect(await fixture.createExecutor().poll(jobId)).toEqual({ status: 'running' });
    });

    test('gives an id that a database column holds', async () => {
      expect((await start(SHORT)).length).toBeLessThanOrEqual(1000);
    });

    test('gives the same job when it is asked to start it again', async () => {
      const jobId = await start(LONG);
      expect(await start(LONG)).toBe(jobId);
      expect(await start(LONG, fixture.createExecutor())).toBe(jobId);
      await until(() => fixture.countExecutions(directory));
      expect(await fixture.countExecutions(directory)).toBe(1);
    });

    test('finds a job that was started, and none before', async () => {
      const command = fixture.command(LONG, directory);
      expect(await executor.find(command, job)).toBeUndefined();
      const jobId = await start(LONG);
      expect(await fixture.createExecutor().find(command, job)).toBe(jobId);
    });

    test('does not start an ended job again', async () => {
      const jobId = await start({ seconds: 0, exitCode: 3 });
      await ended(jobId);
      expect(await start({ seconds: 0, exitCode: 3 })).toBe(jobId);
      expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 3 });
      expect(await fixture.countExecutions(directory)).toBe(1);
    });

    test('executes a job once that many start at once', async () => {
      const starters = Array.from({ length: 8 }, () => fixture.createExecutor());
      const jobIds = await Promise.all(starters.map((one) => start(LONG, one)));
      expect(new Set(jobIds).size).toBe(1);
      await until(() => fixture.countExecutions(directory));
      expect(await fixture.countExecutions(directory)).toBe(1);
    });

    test('stops a job, and has nothing to do when asked again', async () => {
      const jobId = await start(LONG);
      await executor.cancel(jobId, { graceSeconds: 1 });
      expect((await executor.poll(jobId)).status).toMatch(/exited|lost/);
      await expect(executor.cancel(jobId, { graceSeconds: 1 })).resolves.toBeUndefined();
    });

    test('stops a job that another process started', async () => {
      const jobId = await start(LONG);
      await fixture.createExecutor().cancel(jobId, { graceSeconds: 1 });
      expect((await executor.poll(jobId)).status).toMatch(/exited|lost/);
    });

    test('stopping an ended job changes nothing about its end', async () => {
      const jobId = await start(SHORT);
      await ended(jobId);
      await executor.cancel(jobId, { graceSeconds: 1 });
      expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 0 });
    });

    test('cleans up an ended job as often as asked, and leaves the directory', async () => {
      const jobId = await start(SHORT);
      await ended(jobId);
      await executor.cleanup(jobId);
      await fixture.createExecutor().cleanup(jobId);
      expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 0 });
    });

    test('wakes a watcher when the job ends, and no more after the watch ended', async () => {
      const jobId = await start({ seconds: 0.3, exitCode: 0 });
      let wakes = 0;
      const endWatch = executor.watch(jobId, () => {
        wakes += 1;
      });
      const silent = executor.watch(jobId, () => {
        throw new Error('This watch was ended.');
      });
      silent();
      await until(async () => wakes > 0 && (await executor.poll(jobId)).status === 'exited');
      endWatch();
    });

    test('a paused job stands still, and goes on when it is resumed', async () => {
      const jobId = await start(SOME);
      await executor.pause(jobId);
      await pass(SOME);
      expect(await executor.poll(jobId)).toEqual({ status: 'running' });
      await executor.resume(jobId);
      expect(await ended(jobId)).toEqual({ status: 'exited', code: 3 });
    });

    test('another process can pause and resume a job, as often as it likes', async () => {
      const jobId = await start(SOME);
      await fixture.createExecutor().pause(jobId);
      await fixture.createExecutor().pause(jobId);
      await executor.resume(jobId);
      await executor.pause(jobId);
      await pass(SOME);
      expect(await executor.poll(jobId)).toEqual({ status: 'running' });
      await fixture.createExecutor().resume(jobId);
      await fixture.createExecutor().resume(jobId);
      expect(await ended(jobId)).toEqual({ status: 'exited', code: 3 });
    });

    test('many that pause or resume a job at once do what one does', async () => {
      const jobId = await start(LONG);
      const many = Array.from({ length: 6 }, () => fixture.createExecutor());
      await Promise.all(many.map((one) => one.pause(jobId)));
      expect(await executor.poll(jobId)).toEqual({ status: 'running' });
      await Promise.all(many.map((one) => one.resume(jobId)));
      expect(await executor.poll(jobId)).toEqual({ status: 'running' });
    });

    test('stops a paused job', async () => {
      const jobId = await start(LONG);
      await executor.pause(jobId);
      await fixture.createExecutor().cancel(jobId, { graceSeconds: 1 });
      expect((await executor.poll(jobId)).status).toMatch(/exited|lost/);
    });

    test('cleans up a paused job', async () => {
      const jobId = await start(LONG);
      await executor.pause(jobId);
      await executor.cancel(jobId, { graceSeconds: 0 });
      await expect(executor.cleanup(jobId)).resolves.toBeUndefined();
    });

    test('pausing and resuming an ended job change nothing about its end', async () => {
      const jobId = await start(SHORT);
      await ended(jobId);
      await executor.pause(jobId);
      expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 0 });
      await executor.resume(jobId);
      expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 0 });
    });

    test('resuming a job that was never paused changes nothing', async () => {
      const jobId = await start(LONG);
      await executor.resume(jobId);
      expect(await executor.poll(jobId)).toEqual({ status: 'running' });
    });

    test('refuses the id of another executor', async () => {
      await expect(executor.poll('job 7')).rejects.toThrow(/job id/);
    });
  });
}
