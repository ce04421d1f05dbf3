import { watch, type FSWatcher } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import type { LocalJob } from './local-job.ts';

/** A busy engine changes its files thousands of times a second; nobody needs to hear of each. */
const QUIET_MS = 50;

/**
 * Calls `wake` when the job's directory or the run's own files (events, output) change, and when a
 * wrapper started by this process ends. Where the system gives no more watches, polling has to do.
 */
export function watchJob(
  job: LocalJob,
  child: ChildProcess | undefined,
  wake: () => void,
): () => void {
  const hint = quieted(wake);
  const watchers = [job.directory, job.runRoot].map((path) => watchPath(path, hint.call));
  child?.once('exit', hint.call);
  return () => {
    for (const watcher of watchers) watcher?.close();
    child?.off('exit', hint.call);
    hint.end();
  };
}

function watchPath(path: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** Passes the first call on at once, and those that come soon after it as one. */
function quieted(wake: () => void): { call: () => void; end: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let called = false;
  const rest = (): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (called) call();
    }, QUIET_MS);
    timer.unref();
  };
  const call = (): void => {
    called = timer !== undefined;
    if (called) return;
    wake();
    rest();
  };
  return { call, end: () => clearTimeout(timer) };
}
