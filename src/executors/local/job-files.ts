import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLAIM_FILE, EXIT_CODE_FILE } from './wrapper.ts';

/** Who claimed a job directory: the wrapper that executes, or executed, its command. */
export interface JobClaim {
  readonly pid: number;
  readonly start: string;
  readonly host: string;
}

export async function readClaim(directory: string): Promise<JobClaim | undefined> {
  const text = await readOptional(join(directory, CLAIM_FILE));
  const [, pid, start, host] = /^(\d+) (\d+) (.+)\n$/.exec(text ?? '') ?? [];
  if (pid === undefined || start === undefined || host === undefined) return undefined;
  return { pid: Number(pid), start, host };
}

export async function readExitCode(directory: string): Promise<number | undefined> {
  const text = await readOptional(join(directory, EXIT_CODE_FILE));
  return text !== undefined && /^\d+\n$/.test(text) ? Number(text) : undefined;
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
