import type { EndedQuery, EndedRun } from '../runs/run-store.ts';
import { logsPrefix } from '../runs/storage-keys.ts';
import type { SweepParts } from './removal-sweep.ts';

/** Which ended runs something is done to. */
export type Selection = Omit<EndedQuery, 'after' | 'limit' | 'withLogs'>;

type RetentionParts = Pick<SweepParts, 'store' | 'storage' | 'logger' | 'now'>;

export const MS_PER_DAY = 24 * 60 * 60 * 1000;
const RUNS_AT_ONCE = 100;

/**
 * Removes ended runs for good; their storage is due for removal then (see `removeDue`). Gives the number
 * of runs that this call removed.
 */
export async function removeEnded(
  parts: RetentionParts,
  selection: Selection,
  isStopping: () => boolean = () => false,
): Promise<number> {
  let removed = 0;
  for await (const { runId } of endedRuns(parts, selection, isStopping)) {
    if ((await parts.store.removeRun(runId, parts.now())) === undefined) continue; // another was faster
    removed += 1;
    parts.logger.info({ run_id: runId }, 'old run removed');
  }
  return removed;
}

/** Removes the logs of ended runs from storage and notes it in their history; gives their number. */
export async function removeLogs(
  parts: RetentionParts,
  selection: Selection,
  actor: string,
  isStopping: () => boolean = () => false,
): Promise<number> {
  let removed = 0;
  const query = { ...selection, withLogs: true };
  for await (const { runId } of endedRuns(parts, query, isStopping)) {
    try {
      await parts.storage.deletePrefix(logsPrefix(runId));
    } catch (error) {
      parts.logger.warn({ err: error, run_id: runId }, 'old logs not removed');
      continue;
    }
    // After it, so that logs which are said to be gone are gone.
    await parts.store.markLogsRemoved(runId, actor, parts.now());
    removed += 1;
    parts.logger.info({ run_id: runId }, 'old logs removed');
  }
  return removed;
}

/** Page by page, by the time of their end: what can't be removed is passed over. */
export async function* endedRuns(
  { store }: Pick<RetentionParts, 'store'>,
  query: Omit<EndedQuery, 'after' | 'limit'>,
  isStopping: () => boolean = () => false,
): AsyncGenerator<EndedRun> {
  let after: EndedRun | undefined;
  for (;;) {
    const page = await store.listEnded({ ...query, limit: RUNS_AT_ONCE, ...(after && { after }) });
    for (const run of page) {
      if (isStopping()) return;
      yield run;
    }
    after = page.at(-1);
    if (page.length < RUNS_AT_ONCE) return;
  }
}
