import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { StartedContainers } from '../../runs/command.ts';
import type { LocalJob } from './local-job.ts';

const execute = promisify(execFile);

/** In the job directory, so that any later daemon knows of them. */
const CONTAINERS_FILE = 'containers';
const CHECK_MS = 50;
/** How long ended containers may take to vanish before it is an error. */
const END_MS = 20_000;
/** A program that says nothing for so long hangs. */
const ANSWER_MS = 30_000;

/** Written before the job is started: afterwards it may have containers at any moment. */
export async function writeContainers(
  directory: string,
  containers: StartedContainers | undefined,
): Promise<void> {
  if (containers === undefined) return;
  await writeFile(join(directory, CONTAINERS_FILE), `${containers.program} ${containers.label}`);
}

async function readContainers(directory: string): Promise<StartedContainers | undefined> {
  const text = await readFile(join(directory, CONTAINERS_FILE), 'utf8').catch(() => '');
  const [, program, label] = /^(docker|podman) (.+)$/s.exec(text) ?? [];
  if (label === undefined) return undefined;
  return { program: program === 'podman' ? 'podman' : 'docker', label };
}

/**
 * Ends and removes all containers of a job, until there are none. To be called when the processes that
 * start them have ended.
 * @throws Error that names what is left, or says why that could not be found out
 */
export async function endContainers(job: Pick<LocalJob, 'directory'>): Promise<void> {
  const containers = await readContainers(job.directory);
  if (containers === undefined) return;
  const { program } = containers;
  const force = program === 'podman' ? ['rm', '--force', '--time', '0'] : ['rm', '--force'];
  const deadline = performance.now() + END_MS;
  for (;;) {
    const left = await list(containers);
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new Error(`Containers ${left.join(', ')} of ${program} could not be ended.`);
    }
    // One that is just being removed, as on its own end, makes it fail: what counts is the next look.
    await execute(program, [...force, ...left], { timeout: ANSWER_MS }).catch(() => undefined);
    if ((await list(containers)).length > 0) await delay(CHECK_MS);
  }
}

/** @throws Error when one can't be paused */
export async function pauseContainers(job: Pick<LocalJob, 'directory'>): Promise<void> {
  await forEachIn(job, 'running', 'pause');
}

export async function resumeContainers(job: Pick<LocalJob, 'directory'>): Promise<void> {
  await forEachIn(job, 'paused', 'unpause');
}

async function forEachIn(
  job: Pick<LocalJob, 'directory'>,
  status: 'running' | 'paused',
  deed: 'pause' | 'unpause',
): Promise<void> {
  const containers = await readContainers(job.directory);
  if (containers === undefined) return;
  for (const id of await list(containers, ['--filter', `status=${status}`])) {
    try {
      await execute(containers.program, [deed, id], { timeout: ANSWER_MS });
    } catch (error) {
      const isStill = await list(containers, ['--filter', `status=${status}`]);
      if (isStill.includes(id)) throw explained(containers, error);
    }
  }
}

async function list(
  containers: StartedContainers,
  filter: readonly string[] = [],
): Promise<readonly string[]> {
  const { program, label } = containers;
  const words = ['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=${label}`, ...filter];
  try {
    const { stdout } = await execute(program, words, { timeout: ANSWER_MS });
    return stdout.split('\n').filter((id) => id !== '');
  } catch (error) {
    throw explained(containers, error);
  }
}

function explained({ program }: StartedContainers, error: unknown): Error {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  const why = said === '' ? String(error) : said;
  return new Error(`The containers of the job could not be reached with ${program}: ${why}`, {
    cause: error,
  });
}
