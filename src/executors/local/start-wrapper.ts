import { spawn, type ChildProcess } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { RUN_MARKER, type Command } from '../../runs/command.ts';
import type { JobContext } from '../executor.ts';
import type { Group } from './cgroup/controller.ts';
import { hasLimits } from './cgroup/set-limits.ts';
import { groupsToText } from './cgroup/job-groups.ts';
import { ATTEMPT_MARKER } from './job-processes.ts';
import { WRAPPER } from './wrapper.ts';

const SHELL = '/bin/sh';

/** Where the wrapper runs: the identity of the host, and the job's groups, which must exist. */
export interface WrapperPlace {
  readonly host: string;
  readonly groups: readonly Group[];
}

/**
 * Starts the wrapper in a session of its own and waits until it has claimed the job directory, or has
 * found it claimed. The daemon may die at any moment without harm to the job.
 */
export async function startWrapper(
  command: Command,
  job: JobContext,
  { host, groups }: WrapperPlace,
): Promise<ChildProcess> {
  await checkWorkingDirectory(command.workingDirectory);
  // Appended, so that a second start leaves the output of the first as it is.
  const stdout = await open(command.stdoutPath, 'a', 0o600);
  const stderr = await open(command.stderrPath, 'a', 0o600);
  try {
    const child = spawn(SHELL, wrapperArguments(command, job, { host, groups }), {
      detached: true,
      cwd: command.workingDirectory,
      env: environmentOf(command, job),
      stdio: ['ignore', stdout.fd, stderr.fd, 'pipe'],
    });
    child.unref();
    await awaitClaim(child);
    return child;
  } finally {
    await Promise.all([stdout.close(), stderr.close()]);
  }
}

function wrapperArguments(
  command: Command,
  job: JobContext,
  { host, groups }: WrapperPlace,
): string[] {
  const tools = process.env.PATH ?? '/usr/bin:/bin';
  const limited = hasLimits(job.limits) ? 'limited' : '';
  const own = [job.directory, tools, host, groupsToText(groups), limited];
  return ['-c', WRAPPER, 'wes-job', ...own, ...command.argv];
}

function environmentOf(command: Command, job: JobContext): Record<string, string> {
  return {
    ...command.environment,
    [RUN_MARKER]: job.runId,
    [ATTEMPT_MARKER]: String(job.attempt),
  };
}

/** Checked by itself, because spawn tells of a missing directory as if the program were missing. */
async function checkWorkingDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) throw new Error(`The working directory ${directory} does not exist.`);
}

/** The wrapper closes its end of the pipe when it has claimed the job, and so does its death. */
async function awaitClaim(child: ChildProcess): Promise<void> {
  const pipe = child.stdio?.[3]; // no stdio at all when the system had no descriptors left
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    pipe?.once('close', resolve);
    if (pipe instanceof Readable) pipe.resume();
  });
}
