import type { ExitedJob, JobStatus } from '../executor.ts';
import { hostNameOf, type Host } from '../host.ts';
import { isRunning } from '../process-stat.ts';
import { ranOutOfMemory } from './cgroup/out-of-memory.ts';
import { readExitCode, readGroups, readOutOfMemory } from './job-files.ts';
import type { LocalJob } from './local-job.ts';

const KILLED = 137;

export async function pollJob(job: LocalJob, host: Host): Promise<JobStatus> {
  const runs = job.host === host.identity && (await isRunning(job.pid, job.start));
  // Read after the look at the process, so that a job which ends in between is not taken for lost.
  const code = await readExitCode(job.directory);
  if (code !== undefined) return exited(code, await readOutOfMemory(job.directory));
  if (runs) return { status: 'running' };
  // The kernel may have chosen the wrapper too, which then wrote nothing.
  if (await ranOutOfMemory(await readGroups(job))) return exited(KILLED, true);
  return { status: 'lost', reason: reasonOfLoss(job, host) };
}

/** False for a job that has ended, also without an exit code. */
export async function isUnderWay(job: LocalJob, host: Host, deed: string): Promise<boolean> {
  if (!(await isReachable(job, host, deed))) return false;
  return (await pollJob(job, host)).status === 'running';
}

/**
 * False when nothing of the job can be left.
 * @throws Error for a job of another machine, where nothing can be seen or done from here.
 */
export async function isReachable(job: LocalJob, host: Host, deed: string): Promise<boolean> {
  if (job.host === host.identity) return true;
  const started = hostNameOf(job.host);
  if (started === host.name) return false; // no process outlives its boot
  if ((await readExitCode(job.directory)) !== undefined) return false;
  throw new Error(`The job runs on the host ${started} and can't be ${deed} from ${host.name}.`);
}

function exited(code: number, outOfMemory: boolean): ExitedJob {
  return outOfMemory ? { status: 'exited', code, outOfMemory: true } : { status: 'exited', code };
}

function reasonOfLoss(job: LocalJob, host: Host): string {
  if (job.host === host.identity) return 'its process ended without an exit code (killed?)';
  const started = hostNameOf(job.host);
  if (started === host.name) return `the host ${host.name} was restarted`;
  return `it was started on the host ${started}, which is not this one (${host.name})`;
}
