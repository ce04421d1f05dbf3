import type { ChildProcess } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import type { Command } from '../../runs/command.ts';
import type { Executor, JobContext, JobId } from '../executor.ts';
import { hostNameOf, readHost, type Host } from '../host.ts';
import { CONTROLLERS, type Group } from './cgroup/controller.ts';
import { removeGroups, sweepGroups } from './cgroup/job-groups.ts';
import { describeLimits, requireLimits } from './cgroup/limit-support.ts';
import { createPlaces, mergePlaces, type FindPlace } from './cgroup/places.ts';
import { prepareGroups } from './cgroup/prepare-groups.ts';
import { endContainers, pauseContainers, resumeContainers, writeContainers } from './containers.ts';
import { readClaim, readGroups, type JobClaim } from './job-files.ts';
import { isReachable, isUnderWay, pollJob } from './job-status.ts';
import { checkJobIdLength, decodeJobId, encodeJobId, type LocalJob } from './local-job.ts';
import { pauseProcesses, resumeProcesses } from './pause-processes.ts';
import { startWrapper } from './start-wrapper.ts';
import { stopProcesses } from './stop-processes.ts';
import { watchJob } from './watch-job.ts';

export interface LocalExecutorSettings {
  /** Where jobs can have cgroups: looked for on the machine, unless told. */
  readonly findPlace?: FindPlace;
}

/** Executes commands as processes of this machine (Linux), which outlive the daemon. */
export function createLocalExecutor(settings: LocalExecutorSettings = {}): Executor {
  /** Wrappers that this process started, for a hint when they end; nothing depends on it. */
  const children = new Map<JobId, ChildProcess>();

  let known: Promise<Host> | undefined;
  const host = (): Promise<Host> => (known ??= readHost());

  const findPlace = settings.findPlace ?? createPlaces({ enable: true });
  const lookForPlace = settings.findPlace ?? createPlaces({ enable: false });

  async function start(command: Command, context: JobContext): Promise<JobId> {
    const { identity } = await host();
    checkJobIdLength(jobOf(command, context, { ...LONGEST_CLAIM, host: identity }));
    const earlier = await find(command, context);
    if (earlier !== undefined) return earlier;
    await writeContainers(context.directory, command.containers);
    const child = await startInGroups(command, context, identity, findPlace);
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
    check: async (limits = {}) => {
      await checkLocal();
      await sweep(lookForPlace);
      await requireLimits(limits, findPlace);
    },
    limitSupport: () => describeLimits(lookForPlace),
    start,
    find,
    poll: async (jobId) => pollJob(decodeJobId(jobId), await host()),
    watch: (jobId, wake) => watchJob(decodeJobId(jobId), children.get(jobId), wake),
    cancel: async (jobId, { graceSeconds }) =>
      stopJob(decodeJobId(jobId), await host(), graceSeconds),
    pause: async (jobId) => pauseJob(decodeJobId(jobId), await host()),
    resume: async (jobId) => resumeJob(decodeJobId(jobId), await host()),
    cleanup: async (jobId) => cleanUpJob(decodeJobId(jobId), await host()),
  };
}

async function pauseJob(job: LocalJob, host: Host): Promise<void> {
  if (!(await isUnderWay(job, host, 'paused'))) return;
  // First the processes: none of them starts another container then.
  await pauseProcesses(job);
  try {
    await pauseContainers(job);
  } catch (error) {
    await resumeAll(job);
    throw error;
  }
}

async function resumeJob(job: LocalJob, host: Host): Promise<void> {
  if (await isUnderWay(job, host, 'resumed')) await resumeAll(job);
}

async function resumeAll(job: LocalJob): Promise<void> {
  await resumeContainers(job);
  await resumeProcesses(job);
}

async function cleanUpJob(job: LocalJob, host: Host): Promise<void> {
  // What another machine left running can be reached from there only.
  if (hostNameOf(job.host) !== host.name) return;
  await stopJob(job, host, 0);
  await removeGroups(await readGroups(job));
}

async function startInGroups(
  command: Command,
  context: JobContext,
  host: string,
  findPlace: FindPlace,
): Promise<ChildProcess> {
  const groups = await prepareGroups(context, findPlace);
  try {
    return await startWrapper(command, context, { host, groups });
  } finally {
    await removeUnused(context, groups);
  }
}

/** Of many that start a job at once, one gets it: the groups of the others, if not the same, are empty. */
async function removeUnused(context: JobContext, groups: readonly Group[]): Promise<void> {
  const used = new Set((await readGroups(context)).map(({ path }) => path));
  await removeGroups(groups.filter(({ path }) => !used.has(path)));
}

/** What the jobs of daemons that are no more left where ours would be. */
async function sweep(findPlace: FindPlace): Promise<void> {
  const places = await Promise.all(CONTROLLERS.map(findPlace));
  await sweepGroups(mergePlaces(places.filter((one) => one !== undefined)));
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

async function stopJob(job: LocalJob, host: Host, graceSeconds: number): Promise<void> {
  const isHere = await isReachable(job, host, 'stopped');
  if (isHere) await stopProcesses(job, graceSeconds);
  // A daemon of Docker is none of the job's processes, and may outlive the place where they ran.
  await endContainers(job);
  if (!isHere) return;
  // Nobody cleans up after a job that was cancelled.
  await removeGroups(await readGroups(job));
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
