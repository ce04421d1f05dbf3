import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runDirectory, type RunDirectory } from '../../../src/runs/run-directory.ts';
import type { ExitedJob, JobContext, JobId, JobLimits } from '../../../src/executors/executor.ts';
import { counterOf, membersOf } from '../../../src/executors/local/cgroup/group-files.ts';
import { createLocalExecutor } from '../../../src/executors/local/local-executor.ts';
import { readGroups } from '../../../src/executors/local/job-files.ts';
import { decodeJobId } from '../../../src/executors/local/local-job.ts';
import { readProcess } from '../../../src/executors/process-stat.ts';
import { shellCommand } from '../../support/shell-command.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';

const support = await createLocalExecutor().limitSupport();
const MIB = 1024 * 1024;
/** Holds 300 MB, unless it is stopped before. */
const HOG = 'head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null';

describe('limits that the machine can not keep', () => {
  const executor = createLocalExecutor({ findPlace: async () => undefined });

  test.each<[JobLimits, RegExp]>([
    [{ memoryBytes: 64 * MIB }, /^Error: The memory limit of runs can't be kept.*Delegate=yes/],
    [{ cpuCores: 1 }, /^Error: The CPU limit of runs.*no writable cgroup with cpu\./],
    [
      { memoryBytes: MIB, processes: 5 },
      /^Error: The memory limit and the process limit.*memory, pids\./,
    ],
  ])('%j are refused, with what can be done about it', async (limits, message) => {
    expect(String(await executor.check(limits).catch((error: unknown) => error))).toMatch(message);
  });

  test('let no job start', async () => {
    const root = await mkdtemp(join(tmpdir(), 'wes-limits-'));
    const directory = runDirectory(root, randomUUID(), 1);
    await mkdir(directory.job, { recursive: true });
    await mkdir(directory.execution, { recursive: true });
    const job = { runId: 'r', attempt: 1, directory: directory.job, runRoot: directory.root };
    const command = shellCommand('echo executed', directory);
    const refused = executor.start(command, { ...job, limits: { cpuCores: 1 } });
    await expect(refused).rejects.toThrow(/CPU limit/);
    expect(await executor.find(command, job)).toBeUndefined();
    expect(existsSync(directory.stdout)).toBe(false);
    await rm(root, { recursive: true });
  });

  test('are of no concern when none is asked for', async () => {
    await expect(executor.check()).resolves.toBeUndefined();
    await expect(executor.check({})).resolves.toBeUndefined();
    expect(await executor.limitSupport()).toMatchObject({ kept: [], pause: 'SIGSTOP' });
  });
});

/** The kernel offers them to this user or it does not: nothing that could be installed. */
const missing =
  support.missing.length === 0
    ? undefined
    : `no writable cgroup for the ${support.missing.join(', ')} limit`;

describeWith(
  'limits of a local job',
  missing,
  () => {
    const executor = createLocalExecutor();
    let workRoot = '';
    let directory: RunDirectory;
    let job: JobContext;
    let jobId: JobId | undefined;

    beforeEach(async () => {
      workRoot = await mkdtemp(join(tmpdir(), 'wes-limits-'));
      const runId = randomUUID();
      directory = runDirectory(workRoot, runId, 1);
      for (const path of [directory.job, directory.execution]) {
        await mkdir(path, { recursive: true });
      }
      job = { runId, attempt: 1, directory: directory.job, runRoot: directory.root };
    });
    afterEach(async () => {
      if (jobId !== undefined) {
        await executor.cancel(jobId, { graceSeconds: 0 });
        await executor.cleanup(jobId);
      }
      jobId = undefined;
      await rm(workRoot, { recursive: true });
    });

    async function start(script: string, limits: JobLimits): Promise<JobId> {
      jobId = await executor.start(shellCommand(script, directory), { ...job, limits });
      return jobId;
    }

    const end = (id: JobId): Promise<ExitedJob> =>
      until(
        async () => {
          const status = await executor.poll(id);
          return status.status === 'exited' && status;
        },
        { timeoutMs: 60_000 },
      );

    test('can be asked for', async () => {
      const limits = { memoryBytes: 64 * MIB, cpuCores: 0.5, processes: 10 };
      await expect(executor.check(limits)).resolves.toBeUndefined();
    });

    test('a job that needs more memory is ended, and that is told to every process', async () => {
      const id = await start(`${HOG}; echo after`, { memoryBytes: 64 * MIB });
      const expected = { status: 'exited', code: 0, outOfMemory: true };
      expect(await end(id)).toEqual(expected);
      expect(await readFile(directory.stdout, 'utf8')).toBe('after\n');
      await executor.cleanup(id);
      expect(await createLocalExecutor().poll(id)).toEqual(expected);
    });

    test('a job whose wrapper dies of it ends out of memory too', async () => {
      const id = await start(`${HOG}; kill -9 0`, { memoryBytes: 64 * MIB });
      expect(await end(id)).toEqual({ status: 'exited', code: 137, outOfMemory: true });
    });

    test('a job with memory enough is as before', async () => {
      const id = await start(HOG, { memoryBytes: 1024 * MIB });
      expect(await end(id)).toEqual({ status: 'exited', code: 0 });
    });

    test('a job that is killed for another reason has not been out of memory', async () => {
      const id = await start('kill -9 $$', { memoryBytes: 64 * MIB });
      expect(await end(id)).toEqual({ status: 'exited', code: 137 });
    });

    test('a job has no more processes than it may', async () => {
      const loop = 'i=0; while [ $i -lt 50 ]; do sleep 600 & i=$((i+1)); done; echo all';
      const id = await start(`sh -c '${loop}'; echo refused >> refused; wait; sleep 600`, {
        processes: 10,
      });
      await until(() => existsSync(join(directory.execution, 'refused')));
      const members = await membersOf(await readGroups(decodeJobId(id)));
      // The wrapper is there too.
      expect(members.size).toBeLessThanOrEqual(11);
      expect(await readFile(directory.stdout, 'utf8')).not.toContain('all');
      expect(await readFile(directory.stderr, 'utf8')).toMatch(/fork/i);
    });

    test('a job has no more CPU time than its cores give', async () => {
      const cores = 0.2;
      const before = performance.now();
      const id = await start('while :; do :; done & while :; do :; done', { cpuCores: cores });
      const pids = [...(await membersOf(await readGroups(decodeJobId(id))))];
      const seconds = await until(
        async () => (await cpuSeconds(id)) > 0.6 && (await cpuSeconds(id)),
        {
          timeoutMs: 60_000,
        },
      );
      const elapsed = (performance.now() - before) / 1000;
      expect(pids.length).toBeGreaterThan(0);
      // Generous: two loops without a limit would have ten times of it.
      expect(seconds).toBeLessThan(2 * cores * elapsed + 0.2);
      expect(await throttled(id)).toBeGreaterThan(0);
    });

    test('they hold for what leaves the session, the environment and the directory', async () => {
      const id = await start(
        `(env -i PATH=$PATH setsid sh -c 'cd /; exec sleep 600' &); echo started; sleep 600`,
        { processes: 10 },
      );
      const members = await until(async () => {
        const all = await membersOf(await readGroups(decodeJobId(id)));
        return all.size === 4 && all;
      });
      await executor.cancel(id, { graceSeconds: 0 });
      const left = await Promise.all([...members].map(readProcess));
      expect(left.filter((one) => one?.alive)).toEqual([]);
    });

    test('a paused job with limits goes on, and can be cancelled', async () => {
      const id = await start('while [ ! -e go ]; do sleep 0.05; done; exit 3', {
        memoryBytes: 64 * MIB,
        cpuCores: 1,
        processes: 20,
      });
      await executor.pause(id);
      await mkdir(join(directory.execution, 'go'));
      await createLocalExecutor().resume(id);
      expect(await end(id)).toEqual({ status: 'exited', code: 3 });
    });

    test('the groups are gone when the job is cleaned up', async () => {
      const id = await start('sleep 600 & exit 0', { memoryBytes: 64 * MIB, processes: 20 });
      await end(id);
      const groups = await readGroups(decodeJobId(id));
      expect(groups.length).toBeGreaterThan(0);
      expect(groups.every(({ path }) => existsSync(path))).toBe(true);
      await executor.cleanup(id);
      expect(groups.filter(({ path }) => existsSync(path))).toEqual([]);
    });

    test('the groups are gone when the job is cancelled', async () => {
      const id = await start('sleep 600', { memoryBytes: 64 * MIB });
      const groups = await readGroups(decodeJobId(id));
      expect(groups.length).toBeGreaterThan(0);
      await executor.cancel(id, { graceSeconds: 0 });
      expect(groups.filter(({ path }) => existsSync(path))).toEqual([]);
    });

    async function cpuSeconds(id: JobId): Promise<number> {
      const ticks = [...(await membersOf(await readGroups(decodeJobId(id))))].map(async (pid) => {
        const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
      });
      return (await Promise.all(ticks)).reduce((sum, one) => sum + one, 0) / 100;
    }

    async function throttled(id: JobId): Promise<number> {
      const group = (await readGroups(decodeJobId(id))).find((one) =>
        one.controllers.includes('cpu'),
      );
      const text = await readFile(join(group?.path ?? '', 'cpu.stat'), 'utf8');
      return counterOf(text, 'nr_throttled');
    }
  },
  { extra: true },
);
