import type { Executor } from '../../src/executors/executor.ts';
import { createLocalExecutor as createReal } from '../../src/executors/local/local-executor.ts';

/** Paused in name only: its jobs go on. */
export function createLocalExecutor(): Executor {
  return { ...createReal(), pause: async () => undefined };
}
