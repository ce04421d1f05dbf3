import { outputKey, type AttemptOfRun } from '../runs/storage-keys.ts';
import type { Addresses } from './addresses.ts';
import type { ApiDeps } from './context.ts';

/** Gives the addresses of a run's output files: this API's, or the storage's own where that is wanted. */
export function outputAddresses(
  run: AttemptOfRun,
  { storage, settings }: Pick<ApiDeps, 'storage' | 'settings'>,
  addresses: Addresses,
): (path: string) => string {
  if (settings.outputLocations === 'storage') return (path) => storage.url(outputKey(run, path));
  return (path) => addresses.output(run.runId, path);
}
