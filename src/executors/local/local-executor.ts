import type { ChildProcess } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import type { Command } from '../../runs/command.ts';
import type { Executor, JobContext, JobId, JobStatus } from '../executor.ts';
import { hostNameOf, readHost, type Host } from '../host.ts';
import { isRunning } from '../process-stat.ts';
import { readClaim, readExitCode, type JobClaim } from './job-files.ts';
import { checkJobIdLength, decodeJobId, encodeJobId, type LocalJob } from './local-job.ts';
import { pauseProcesses, resumeProcesses } from './pause-processes.ts';
import { startWrapper } from './start-wrapper.ts';
import { stopProcesses } from './stop-processes.ts';
import { watchJob } from './watch-job.ts';

/** Executes commands as processes of this machine (Linux), which outlive the daemon. */
export function createLocalExecutor(): Executor {
  /** Wrappers that this process started, for a hint when they end; nothing depends on it. */
  const children = new Map<JobId, ChildProcess>();

  let known: Promise<Host> | undefined;
  const host = (): Promise<Host> => (known ??= readHost());

  async function start(command: Command, context: JobContext): Promise<JobId> {
    const { identity } = await host();
    checkJobIdLength(jobOf(command, context, { ...LONGEST_CLAIM, host: identity }));
    const earlier = await find(command, context);
    if (earlier !== undefined) return earlier;
    const child = await startWrapper(command, context, identity);
    const jobId = await find(command, context);
    if (jobId === undefined) {
      throw new Error(`The job could not be started in ${context.directory}.`);
    }
    remember(jobId, child);
    return jobId;
  }

  function remember(jobId: JobId, child: ChildProcess): void {
    if (child.exitCode !== null || child.signalCode !== null) return;
    children.set(jobId, child);
    child.once('exit', () => children.delete(jobId));
  }

  return {
    name: 'local',
    check: checkLocal,
    start,
    find,
    poll: async (jobId) => pollJob(decodeJobId(jobId), await host()),
    watch: (jobId, wake) => watchJob(decodeJobId(jobId), children.get(jobId), wake),
    cancel: async (jobId, { graceSeconds }) =>
      stopJob(decodeJobId(jobId), await host(), graceSeconds),
    pause: async (jobId) => {
      const job = decodeJobId(jobId);
      if (await isUnderWay(job, await host(), 'paused')) await pauseProcesses(job);
    },
    resume: async (jobId) => {
      const job = decodeJobId(jobId);
      if (await isUnderWay(job, await host(), 'resumed')) await resumeProcesses(job);
    },
    cleanup: async (jobId) => {
      const job = decodeJobId(jobId);
      const here = await host();
      // What another machine left running can be reached from there only.
      if (hostNameOf(job.host) === here.name) await stopJob(job, here, 0);
    },
  };
}

async function find(command: Command, context: JobContext): Promise<JobId | undefined> {
  const claim = await readClaim(context.directory);
  return claim && encodeJobId(jobOf(command, context, claim));
}

const LONGEST_CLAIM = { pid: Number.MAX_SAFE_INTEGER, start: '9'.repeat(20) };

function jobOf(command: Command, context: JobContext, claim: JobClaim): LocalJob {
  const { directory, runRoot, runId, attempt } = context;
  return { ...claim, directory, runRoot, runId, attempt, stopSignal: command.stopSignal };
}

async function pollJob(job: LocalJob, host: Host): Promise<JobStatus> {
  const runs = job.host === host.identity && (await isRunning(job.pid, job.start));
  // Read after the look at the process, so that a job which ends in between is not taken for lost.
  const code = await readExitCode(job.directory);
  if (code !== undefined) return { status: 'exited', code };
  if (runs) return { status: 'running' };
  return { status: 'lost', reason: reasonOfLoss(job, host) };
}

function reasonOfLoss(job: LocalJob, host: Host): string {
  if (job.host === host.identity) return 'its process ended without an exit code (killed?)';
  const started = hostNameOf(job.host);
  if (started === host.name) return `the host ${host.name} was restarted`;
  return `it was started on the host ${started}, which is not this one (${host.name})`;
}

async function stopJob(job: LocalJob, host: Host, graceSeconds: number): Promise<void> {
  if (await isReachable(job, host, 'stopped')) await stopProcesses(job, graceSeconds);
}

/** False for a job that has ended, also without an exit code. */
async function isUnderWay(job: LocalJob, host: Host, deed: string): Promise<boolean> {
  if (!(await isReachable(job, host, deed))) return false;
  return (await pollJob(job, host)).status === 'running';
}

/**
 * False when nothing of the job can be left.
 * @throws Error for a job of another machine, where nothing can be seen or done from here.
 */
async function isReachable(job: LocalJob, host: Host, deed: string): Promise<boolean> {
  if (job.host === host.identity) return true;
  const started = hostNameOf(job.host);
  if (started === host.name) return false; // no process outlives its boot
  if ((await readExitCode(job.directory)) !== undefined) return false;
  throw new Error(`The job runs on the host ${started} and can't be ${deed} from ${host.name}.`);
}

async function checkLocal(): Promise<void> {
  try {
    await readHost();
    await access('/bin/sh', constants.X_OK);
  } catch (error) {
    const needs = 'The local executor needs Linux with /proc and /bin/sh';
    throw new Error(`${needs}: ${String(error)}`, { cause: error });
  }
}
