import { chmod, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoredState } from '../runs/state.ts';
import type { DaemonSettings } from './daemon-deps.ts';
import type { RunContext } from './run-context.ts';

/** Removes the private directory of an attempt that is over, unless the settings keep it. */
export async function removeRunDirectory(context: RunContext, state: StoredState): Promise<void> {
  const { parts, directory, logger } = context;
  if (keepsDirectory(parts.settings.keepWorkDirectories, state)) return;
  try {
    await removeTree(directory.root);
  } catch (error) {
    logger.warn({ err: error }, 'work directory not removed');
  }
}

export function keepsDirectory(
  keep: DaemonSettings['keepWorkDirectories'],
  state: StoredState,
): boolean {
  const failed = state === 'EXECUTOR_ERROR' || state === 'SYSTEM_ERROR';
  return keep === 'always' || (keep === 'failed' && failed);
}

/** Removes the directory of an attempt, and that of its run when this was the last in it. */
export async function removeTree(root: string): Promise<void> {
  await removeDirectory(root);
  await rmdir(dirname(root)).catch(() => undefined);
}

/** Removes a directory in which tools have worked. */
export async function removeDirectory(directory: string): Promise<void> {
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 3 });
  await remove().catch(async () => {
    // Tools leave directories that not even their owner may write to.
    await makeWritable(directory);
    await remove();
  });
}

async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(directory, entry.name));
  }
}
