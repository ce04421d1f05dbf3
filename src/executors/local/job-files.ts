import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Group } from './cgroup/controller.ts';
import { groupsFromText, type JobName } from './cgroup/job-groups.ts';
import { CLAIM_FILE, EXIT_CODE_FILE, OUT_OF_MEMORY_FILE, STOP_FILE } from './wrapper.ts';

/** Who claimed a job directory: the wrapper that executes, or executed, its command. */
export interface JobClaim {
  readonly pid: number;
  readonly start: string;
  readonly host: string;
}

export async function readClaim(directory: string): Promise<JobClaim | undefined> {
  const text = await readOptional(join(directory, CLAIM_FILE));
  const [, pid, start, host] = /^(\d+) (\d+) (.+)\n/.exec(text ?? '') ?? [];
  if (pid === undefined || start === undefined || host === undefined) return undefined;
  return { pid: Number(pid), start, host };
}

export async function readExitCode(directory: string): Promise<number | undefined> {
  const text = await readOptional(join(directory, EXIT_CODE_FILE));
  return text !== undefined && /^\d+\n$/.test(text) ? Number(text) : undefined;
}

/** The groups that the wrapper entered; none when the job has none, or its directory is gone. */
export async function readGroups(
  job: JobName & { readonly directory: string },
): Promise<readonly Group[]> {
  const text = await readOptional(join(job.directory, CLAIM_FILE));
  return groupsFromText(job, text ?? '');
}

/** True when the wrapper saw that the job had been at its memory limit. */
export async function readOutOfMemory(directory: string): Promise<boolean> {
  return (await readOptional(join(directory, OUT_OF_MEMORY_FILE))) !== undefined;
}

/**
 * Lets the wrapper not start an engine that is about to be told to stop. Where this can't be written
 * (a full disk, a directory that is gone) the grace time and force do without.
 */
export async function writeStop(directory: string): Promise<void> {
  await writeFile(join(directory, STOP_FILE), '').catch(() => undefined);
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
