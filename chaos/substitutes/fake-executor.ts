import type { Executor } from '../../src/executors/executor.ts';
import { createFakeExecutor as createReal } from '../../src/executors/fake/fake-executor.ts';

/** Each simulated execution leaves its exclusive mark. */
export function createFakeExecutor(): Executor {
  return createReal({ markDirectory: process.env.CHAOS_MARKS ?? '' });
}
