import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runDirectory, type RunDirectory } from '../../../src/runs/run-directory.ts';
import type { JobContext, JobId } from '../../../src/executors/executor.ts';
import { decodeJobId, encodeJobId } from '../../../src/executors/local/local-job.ts';
import { createLocalExecutor } from '../../../src/executors/local/local-executor.ts';
import { isRunning, readProcess } from '../../../src/executors/process-stat.ts';
import { describeExecutor } from '../../conformance/executor.ts';
import { SHELL_PATH as PATH, shellCommand as shell } from '../../support/shell-command.ts';
import { until } from '../../support/until.ts';

const MOST_SECONDS_TO_CANCEL = 10;

describeExecutor('local', {
  createExecutor: () => createLocalExecutor(),
  command: ({ seconds, exitCode }, directory) =>
    shell(`echo executed; sleep ${seconds}; exit ${exitCode}`, directory),
  countExecutions: async (directory) =>
    (await readFile(directory.stdout, 'utf8')).split('executed\n').length - 1,
});

describeExecutor('local without cgroups', {
  createExecutor: () => createLocalExecutor({ findPlace: async () => undefined }),
  command: ({ seconds, exitCode }, directory) =>
    shell(`echo executed; sleep ${seconds}; exit ${exitCode}`, directory),
  countExecutions: async (directory) =>
    (await readFile(directory.stdout, 'utf8')).split('executed\n').length - 1,
});

describe('the local executor', () => {
  const executor = createLocalExecutor();
  let workRoot = '';
  let directory: RunDirectory;
  let job: JobContext;
  let jobId: JobId | undefined;

  beforeEach(async () => {
    workRoot = await mkdtemp(join(tmpdir(), 'wes-local-'));
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
    jobId = await executor.start(shell(script, directory), job);
    return jobId;
  }

  async function end(id: JobId): Promise<unknown> {
    return until(async () => {
      const status = await executor.poll(id);
      return status.status !== 'running' && status;
    });
  }

  /** Pids that the script wrote, one to a line, into the file `pids` of its working directory. */
  async function pids(count: number): Promise<number[]> {
    return until(async () => {
      const text = await readFile(join(directory.execution, 'pids'), 'utf8').catch(() => '');
      const lines = text.split('\n').slice(0, -1).map(Number);
      return lines.length === count && lines;
    });
  }

  async function living(all: readonly number[]): Promise<number[]> {
    const found = await Promise.all(all.map(readProcess));
    return found.filter((one) => one?.alive).map((one) => one?.pid ?? 0);
  }

  test('gives the command its whole environment, the run marker, and nothing of our own', async () => {
    process.env.SECRET_OF_THE_DAEMON = 'secret';
    await end(await start('env'));
    delete process.env.SECRET_OF_THE_DAEMON;
    const names = (await readFile(directory.stdout, 'utf8')).split('\n').slice(0, -1);
    expect(names.filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line)).sort()).toEqual(
      [
        `HOME=${directory.home}`,
        `PATH=${PATH}`,
        `TMPDIR=${directory.temporary}`,
        `WES_RUN_ID=${job.runId}`,
        'WES_RUN_ATTEMPT=1',
      ].sort(),
    );
  });

  test('starts the command in the working directory, in a session of its own, without input', async () => {
    await end(
      await start('pwd; readlink /proc/$$/fd/0; cut -d" " -f6 /proc/$$/stat; ls /proc/$$/fd'),
    );
    const [cwd, input, session, ...descriptors] = (await readFile(directory.stdout, 'utf8'))
      .trim()
      .split('\n');
    expect(cwd).toBe(directory.execution);
    expect(input).toBe('/dev/null');
    expect(Number(session)).toBe(decodeJobId(jobId ?? '').pid);
    expect(descriptors.filter((one) => Number(one) < 10)).toEqual(['0', '1', '2']);
  });

  test('keeps stdout and stderr apart', async () => {
    await end(await start('echo out; echo err >&2'));
    expect(await readFile(directory.stdout, 'utf8')).toBe('out\n');
    expect(await readFile(directory.stderr, 'utf8')).toBe('err\n');
  });

  test('tells 127 and names the program when there is no such program', async () => {
    jobId = await executor.start(
      { ...shell('', directory), argv: ['no-such-engine', '--version'] },
      job,
    );
    expect(await end(jobId)).toEqual({ status: 'exited', code: 127 });
    expect(await readFile(directory.stderr, 'utf8')).toContain('no-such-engine');
  });

  test('takes no word of the command for a word of the shell', async () => {
    jobId = await executor.start({ ...shell('', directory), argv: ['exit', '0'] }, job);
    expect(await end(jobId)).toEqual({ status: 'exited', code: 127 });
    const second = { ...job, directory: join(directory.root, 'second') };
    await mkdir(second.directory);
    const argv = ['printf', '%s|', '$HOME', '; echo no', '*', '"\'', ''];
    await end((jobId = await executor.start({ ...shell('', directory), argv }, second)));
    expect(await readFile(directory.stdout, 'utf8')).toBe('$HOME|; echo no|*|"\'||');
  });

  test('tells 128 + n when signal n ended the command', async () => {
    expect(await end(await start('kill -KILL $$'))).toEqual({ status: 'exited', code: 137 });
  });

  test('has the exit code of a command that ends on a signal to the whole group', async () => {
    const id = await start('echo $$ >> pids; exec sleep 600');
    await pids(1);
    process.kill(-decodeJobId(id).pid, 'SIGTERM');
    expect(await end(id)).toEqual({ status: 'exited', code: 143 });
  });

  test('says that a job is lost whose whole group was killed', async () => {
    const id = await start('sleep 600');
    process.kill(-decodeJobId(id).pid, 'SIGKILL');
    expect(await end(id)).toMatchObject({ status: 'lost' });
  });

  test('does not take a later process with the same pid for the job', async () => {
    const id = await start('sleep 600');
    const earlier = encodeJobId({ ...decodeJobId(id), start: '1', directory: workRoot });
    expect(await executor.poll(earlier)).toMatchObject({ status: 'lost' });
  });

  test('says that a job of another host or another boot is lost', async () => {
    const known = decodeJobId(await start('sleep 600'));
    const [name] = known.host.split(' ');
    const reboot = encodeJobId({ ...known, host: `${name} another-boot 1` });
    expect(await executor.poll(reboot)).toMatchObject({
      status: 'lost',
      reason: expect.stringMatching(/restarted/),
    });
    const elsewhere = encodeJobId({ ...known, host: 'elsewhere another-boot 1' });
    expect(await executor.poll(elsewhere)).toMatchObject({
      status: 'lost',
      reason: expect.stringMatching(/elsewhere/),
    });
    await expect(executor.cancel(elsewhere, { graceSeconds: 0 })).rejects.toThrow(/elsewhere/);
    await expect(executor.cleanup(elsewhere)).resolves.toBeUndefined();
    await expect(executor.cancel(reboot, { graceSeconds: 0 })).resolves.toBeUndefined();
    expect(await executor.poll(encodeJobId(known))).toEqual({ status: 'running' });
  });

  test('says what is wrong when the working directory is missing or the path too long', async () => {
    const missing = { ...shell('true', directory), workingDirectory: join(workRoot, 'missing') };
    await expect(executor.start(missing, job)).rejects.toThrow(/missing does not exist/);
    const long = { ...job, directory: `/${'d'.repeat(900)}` };
    await expect(executor.start(shell('true', directory), long)).rejects.toThrow(/too long/);
    const unusable = { ...job, directory: join(workRoot, 'no-job-directory') };
    await expect(executor.start(shell('true', directory), unusable)).rejects.toThrow(
      /not be started/,
    );
  });

  test('goes on when the process that started it is killed, and another one finds its end', async () => {
    const release = join(directory.execution, 'release');
    const script = `while [ ! -e ${release} ]; do sleep 0.05; done; exit 3`;
    const command = JSON.stringify({ command: shell(script, directory), job });
    const module = new URL('../../../src/executors/local/local-executor.ts', import.meta.url).href;
    const starter = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { createLocalExecutor } = await import('${module}');
         const { command, job } = ${command};
         process.stdout.write(await createLocalExecutor().start(command, job));
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [text] = await once(starter.stdout, 'data');
    jobId = String(text);
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    expect(await executor.poll(jobId)).toEqual({ status: 'running' });
    await writeFile(release, '');
    expect(await end(jobId)).toEqual({ status: 'exited', code: 3 });
  });

  describe('leaves no process of a cancelled job', () => {
    const IGNORE = "trap '' TERM INT HUP;";
    const LOOP = 'while :; do sleep 1; done';
    const cases: Record<string, { script: string; processes: number }> = {
      'that ignores the stop signal': {
        script: `${IGNORE} echo $$ >> pids; ${LOOP}`,
        processes: 1,
      },
      'with grandchildren that ignore it': {
        script: `${IGNORE} echo $$ >> pids; sh -c 'echo $$ >> pids; sh -c "echo \\$\\$ >> pids; ${LOOP}"; true'; true`,
        processes: 3,
      },
      'with a child in a session of its own': {
        script: `setsid sh -c 'echo $$ >> pids; ${LOOP}' & ${LOOP}`,
        processes: 1,
      },
      'with a child without environment in a session of its own': {
        script: `env -i PATH=$PATH setsid sh -c 'echo $$ >> pids; cd /; ${LOOP}' & ${LOOP}`,
        processes: 1,
      },
      'with a daemon made by a double fork': {
        script: `(setsid sh -c '(cd /; ${LOOP}) & echo $! >> pids' &) ; ${LOOP}`,
        processes: 1,
      },
      'with a daemon that has the environment of a task': {
        script: `(env -i PATH=$PATH HOME=$HOME setsid sh -c 'echo $$ >> pids; cd /; ${LOOP}' &) ; ${LOOP}`,
        processes: 1,
      },
      'with a daemon that is known by its directory alone': {
        script: `(env -i PATH=$PATH setsid sh -c 'echo $$ >> pids; ${LOOP}' &) ; ${LOOP}`,
        processes: 1,
      },
      'with a child that was stopped': {
        script: `sh -c 'echo $$ >> pids; kill -STOP $$; ${LOOP}' & ${LOOP}`,
        processes: 1,
      },
      'that is stopped as a whole': {
        script: `echo $$ >> pids; kill -STOP 0; ${LOOP}`,
        processes: 1,
      },
    };

    test.each(Object.keys(cases))('%s', async (name) => {
      const { script = '', processes = 0 } = cases[name] ?? {};
      const id = await start(script);
      const all = [decodeJobId(id).pid, ...(await pids(processes))];
      const before = performance.now();
      await executor.cancel(id, { graceSeconds: 0.5 });
      expect(performance.now() - before).toBeLessThan(MOST_SECONDS_TO_CANCEL * 1000);
      expect(await living(all)).toEqual([]);
    });
  });

  test('lets a command end in its own way within the grace time', async () => {
    const id = await start(`trap 'echo stopped; exit 5' TERM; echo $$ >> pids; sleep 600 & wait`);
    await pids(1);
    await executor.cancel(id, { graceSeconds: 8 });
    expect(await executor.poll(id)).toEqual({ status: 'exited', code: 5 });
    expect(await readFile(directory.stdout, 'utf8')).toBe('stopped\n');
  });

  test('a job that is cancelled while it starts hears its stop signal', async () => {
    for (let round = 0; round < 20; round += 1) {
      const context = {
        ...job,
        attempt: round + 1,
        directory: join(directory.root, `job${round}`),
      };
      await mkdir(context.directory);
      const before = performance.now();
      const id = await executor.start(shell('exec sleep 600', directory), context);
      await executor.cancel(id, { graceSeconds: 60 });
      await executor.cleanup(id);
      expect(performance.now() - before).toBeLessThan(MOST_SECONDS_TO_CANCEL * 1000);
      expect(await living([decodeJobId(id).pid])).toEqual([]);
    }
  });

  test('sends the stop signal that the command asked for', async () => {
    const command = shell(
      `trap 'exit 6' INT; echo $$ >> pids; while :; do sleep 0.1; done`,
      directory,
    );
    jobId = await executor.start({ ...command, stopSignal: 'SIGINT' }, job);
    await pids(1);
    await executor.cancel(jobId, { graceSeconds: 8 });
    expect(await executor.poll(jobId)).toEqual({ status: 'exited', code: 6 });
  });

  test('ends what an ended job left running', async () => {
    const id = await start(`setsid sh -c 'echo $$ >> pids; exec sleep 600' & sleep 0.1`);
    const left = await pids(1);
    expect(await end(id)).toEqual({ status: 'exited', code: 0 });
    expect(await living(left)).toEqual(left);
    await executor.cleanup(id);
    expect(await living(left)).toEqual([]);
  });

  describe('when it ends a job', () => {
    async function bystander(environment: Record<string, string>, cwd: string) {
      const child = spawn('sleep', ['600'], { env: { PATH, ...environment }, cwd, detached: true });
      await once(child, 'spawn');
      const found = await readProcess(child.pid ?? 0);
      return { child, start: found?.start ?? '' };
    }

    test.each([
      ['another run', (): Record<string, string> => ({ WES_RUN_ID: randomUUID() })],
      [
        'another attempt at the run',
        (): Record<string, string> => ({ WES_RUN_ID: job.runId, WES_RUN_ATTEMPT: '2' }),
      ],
      [
        'a run whose path begins alike',
        (): Record<string, string> => ({ HOME: `${directory.root}0/home` }),
      ],
    ])('it leaves %s alone', async (_name, environment) => {
      const id = await start('sleep 600');
      const { child, start: began } = await bystander(environment(), tmpdir());
      await executor.cancel(id, { graceSeconds: 0 });
      expect(await isRunning(child.pid ?? 0, began)).toBe(true);
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
  });
});
