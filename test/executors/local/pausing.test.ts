import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runDirectory, type RunDirectory } from '../../../src/runs/run-directory.ts';
import type { JobContext, JobId } from '../../../src/executors/executor.ts';
import { membersOf } from '../../../src/executors/local/cgroup/group-files.ts';
import { createPlaces, type FindPlace } from '../../../src/executors/local/cgroup/places.ts';
import { readGroups } from '../../../src/executors/local/job-files.ts';
import { decodeJobId, encodeJobId } from '../../../src/executors/local/local-job.ts';
import { createLocalExecutor } from '../../../src/executors/local/local-executor.ts';
import { processesOf } from '../../../src/executors/local/job-processes.ts';
import { listProcesses, type ListedProcess } from '../../../src/executors/local/process-table.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';
import { shellCommand } from '../../support/shell-command.ts';

const none: FindPlace = async () => undefined;
const ways: Record<string, FindPlace> = {
  'with signals': none,
  'with the freezer of cgroup v1': createPlaces({ enable: false, versions: [1] }),
  'with cgroup v2': createPlaces({ enable: false, versions: [2] }),
};
const usable = new Map<string, boolean>();
for (const [way, findPlace] of Object.entries(ways)) {
  usable.set(way, way === 'with signals' || (await findPlace('freezer')) !== undefined);
}

for (const [way, findPlace] of Object.entries(ways)) {
  const missing = usable.get(way) ? undefined : 'this machine gives no such group to this user';
  describeWith(`pausing a local job ${way}`, missing, () => describePausing(findPlace), {
    extra: true,
  });
}

function describePausing(findPlace: FindPlace): void {
  const executor = createLocalExecutor({ findPlace });
  let workRoot = '';
  let directory: RunDirectory;
  let job: JobContext;
  let jobId: JobId | undefined;

  beforeEach(async () => {
    workRoot = await mkdtemp(join(tmpdir(), 'wes-pause-'));
    const runId = randomUUID();
    directory = runDirectory(workRoot, runId, 1);
    for (const path of [directory.job, directory.execution, directory.home, directory.temporary]) {
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

  async function start(script: string): Promise<JobId> {
    jobId = await executor.start(shellCommand(script, directory), job);
    return jobId;
  }

  const processes = async (id: JobId): Promise<readonly ListedProcess[]> =>
    processesOf(decodeJobId(id), await listProcesses(), new Map());

  async function lines(file: string): Promise<number> {
    const text = await readFile(join(directory.execution, file), 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  }

  /** So much time that a job which goes on would have done something. */
  async function pass(): Promise<void> {
    await promisify(execFile)('sleep', ['0.3']);
  }

  // Scans need a moment; a group is frozen whatever its processes do.
  const hop = findPlace === none ? 'sleep 0.05\n' : '';
  const COUNT = (file: string): string => `while :; do echo . >> ${file}; sleep 0.01; done`;
  const trees: Record<string, { readonly script: string; readonly files: readonly string[] }> = {
    'with grandchildren': {
      script: `sh -c '(${COUNT('a')}) & (${COUNT('b')}); true' ; true`,
      files: ['a', 'b'],
    },
    'with a task in a session of its own': {
      script: `setsid sh -c '${COUNT('a')}' & ${COUNT('b')}`,
      files: ['a', 'b'],
    },
    'with a daemon made by a double fork': {
      script: `(setsid sh -c '(${COUNT('a')}) &' &); ${COUNT('b')}`,
      files: ['a', 'b'],
    },
    'with a loop of forks': {
      script: `while :; do (echo . >> a); done & ${COUNT('b')}`,
      files: ['a', 'b'],
    },
    'with a chain of processes that each outlive their parent': {
      script: `cat > again <<'END'
echo . >> a
${hop}(setsid sh ./again &)
END
sh ./again; ${COUNT('b')}`,
      files: ['a', 'b'],
    },
  };

  test.each(Object.keys(trees))(
    'stops everything of a job %s, and all of it goes on',
    async (name) => {
      const { script = '', files = [] } = trees[name] ?? {};
      const id = await start(script);
      for (const file of files) await until(async () => (await lines(file)) > 2);
      await executor.pause(id);
      const paused = await processes(id);
      expect(paused.length).toBeGreaterThan(1);
      if (findPlace === none) {
        expect(paused.filter((one) => !one.stopped && !one.uninterruptible)).toEqual([]);
      } else {
        const frozen = await membersOf(await readGroups(decodeJobId(id)));
        expect(paused.filter((one) => !frozen.has(one.pid))).toEqual([]);
        expect(paused.filter((one) => one.stopped)).toEqual([]);
      }
      const before = await Promise.all(files.map(lines));
      expect(await executor.poll(id)).toEqual({ status: 'running' });
      await pass();
      expect(await Promise.all(files.map(lines))).toEqual(before);
      // Another daemon, after the first one died.
      await createLocalExecutor({ findPlace: none }).resume(id);
      for (const [index, file] of files.entries()) {
        await until(async () => (await lines(file)) > (before[index] ?? 0) + 2);
      }
      expect((await processes(id)).filter((one) => one.stopped)).toEqual([]);
    },
  );

  test.each(Object.keys(trees))('cancelling a paused job %s leaves nothing', async (name) => {
    const { script = '', files = [] } = trees[name] ?? {};
    const id = await start(script);
    for (const file of files) await until(async () => (await lines(file)) > 2);
    await executor.pause(id);
    await createLocalExecutor({ findPlace: none }).cancel(id, { graceSeconds: 0.5 });
    expect(await processes(id)).toEqual([]);
  });

  test('a paused job that is cancelled can end in its own way, and so can its tasks', async () => {
    const task = `setsid sh -c 'trap "echo told >> told; exit" TERM; echo . >> ready; while :; do sleep 0.1; done' & t=$!`;
    const id = await start(
      `${task}; trap 'kill $t; wait $t; exit 5' TERM; echo . >> ready; while :; do sleep 0.1; done`,
    );
    await until(async () => (await lines('ready')) === 2);
    await executor.pause(id);
    await executor.cancel(id, { graceSeconds: 8 });
    expect(await executor.poll(id)).toEqual({ status: 'exited', code: 5 });
    expect(await lines('told')).toBe(1);
  });

  test('the exit code of a job that ends just after it was resumed is there', async () => {
    const id = await start('while [ ! -e go ]; do sleep 0.01; done; exit 4');
    await executor.pause(id);
    await mkdir(join(directory.execution, 'go'));
    expect(await executor.poll(id)).toEqual({ status: 'running' });
    await executor.resume(id);
    await until(async () => (await executor.poll(id)).status === 'exited');
    expect(await executor.poll(id)).toEqual({ status: 'exited', code: 4 });
  });

  test('a job of another host is not paused but refused; one of an earlier boot has ended', async () => {
    const known = decodeJobId(await start('sleep 600'));
    const [name] = known.host.split(' ');
    const elsewhere = encodeJobId({ ...known, host: 'elsewhere another-boot 1' });
    await expect(executor.pause(elsewhere)).rejects.toThrow(/elsewhere and can't be paused/);
    await expect(executor.resume(elsewhere)).rejects.toThrow(/elsewhere and can't be resumed/);
    const reboot = encodeJobId({ ...known, host: `${name} another-boot 1` });
    await expect(executor.pause(reboot)).resolves.toBeUndefined();
    expect((await processes(encodeJobId(known))).filter((one) => one.stopped)).toEqual([]);
  });
}
