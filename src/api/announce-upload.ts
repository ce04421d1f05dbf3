import type { ApiDeps } from './context.ts';

/** Longer than any upload takes. */
const REMOVED_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * To be called before the first byte of a run's attachments is stored: should this process die before
 * there is a run, a daemon removes them.
 */
export async function announceUpload(
  { removals, now = Date.now }: Pick<ApiDeps, 'removals' | 'now'>,
  runId: string,
): Promise<void> {
  await removals.announceUpload(runId, now() + REMOVED_AFTER_MS);
}
