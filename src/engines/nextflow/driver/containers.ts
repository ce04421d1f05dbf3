import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Plan } from '../plan.ts';

const execute = promisify(execFile);
/** The daemon looks after what is left: a program that hangs must not keep the run. */
const TIMEOUT_MS = 10_000;

/** Ends and removes the containers of the run; those of Singularity and Apptainer are processes like others. */
export async function removeContainers({ containers, containerLabel }: Plan): Promise<void> {
  if (containers === undefined || containerLabel === undefined) return;
  const options = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
  try {
    const filter = `label=${containerLabel}`;
    const words = ['ps', '--all', '--quiet', '--no-trunc', '--filter', filter];
    const { stdout } = await execute(containers, words, options);
    const ids = stdout.split('\n').filter((id) => id !== '');
    // Podman would ask nicely first, and wait.
    const force = ['rm', '--force', ...(containers === 'podman' ? ['--time', '0'] : [])];
    if (ids.length > 0) await execute(containers, [...force, ...ids], options);
  } catch {
    return; // another one removed them, or the daemon will
  }
}
