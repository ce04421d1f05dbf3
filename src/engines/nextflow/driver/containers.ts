import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Plan } from '../plan.ts';

/** The daemon looks after what is left: a program that hangs must not keep the run. */
const ANSWER_MS = 10_000;
const END_MS = 8000;
const CHECK_MS = 50;

/** Ends and removes the containers of the run; those of Singularity and Apptainer are processes like others. */
export async function removeContainers({ containers, containerLabel }: Plan): Promise<void> {
  if (containers === undefined || containerLabel === undefined) return;
  // Podman would ask nicely first, and wait.
  const remove = ['rm', '--force', ...(containers === 'podman' ? ['--time', '0'] : [])];
  const label = `label=${containerLabel}`;
  const deadline = performance.now() + END_MS;
  // One that another process was just about to stop, or to start, may have to be told again.
  while (performance.now() < deadline) {
    const listed = await answer(containers, [
      'ps',
      '--all',
      '--quiet',
      '--no-trunc',
      '--filter',
      label,
    ]);
    const ids = listed?.split('\n').filter((id) => id !== '');
    if (ids?.length === 0) return;
    if (ids !== undefined) await answer(containers, [...remove, ...ids]);
    await delay(CHECK_MS);
  }
}

/** What the program printed; undefined when it failed. */
function answer(program: string, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: ANSWER_MS, killSignal: 'SIGKILL' } as const;
    execFile(program, words, options, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
}
