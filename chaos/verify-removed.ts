import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../src/runs/run.ts';
import { runPrefix } from '../src/runs/storage-keys.ts';
import { until } from '../test/support/until.ts';
import type { KnownRun, Ledger } from './ledger.ts';
import type { ChaosService } from './service.ts';

/** Where the API could not, a daemon removes the files at its next sweep: every ten leases. */
const SWEEP_MS = 60_000;

/** Of a run that was removed nothing is left, neither in the database nor in storage. */
export async function checkRemoved(
  { records, places }: ChaosService,
  ledger: Ledger,
  { runId = '', isRemoveTried, removeTriedAt = 0, plan }: KnownRun,
  run: Run | undefined,
): Promise<void> {
  if (run !== undefined) return ledger.violate('a removed run stays gone', runId, run.state);
  if (!isRemoveTried) {
    return ledger.violate('an accepted run exists', runId, `${plan.label} is in no table`);
  }
  const { runs, removals } = records;
  const left = {
    history: await runs.listEvents(runId),
    tasks: await runs.listTasks(runId, { after: 0, limit: 1 }),
    outputs: await runs.listOutputs(runId, { limit: 1 }),
    attachments: await runs.listAttachments(runId),
  };
  for (const [name, rows] of Object.entries(left)) {
    if (rows.length > 0) ledger.violate('nothing of a removed run is left', runId, name);
  }
  if (!(await removals.isRemoved(runId))) {
    ledger.violate('a removal is remembered', runId, 'it is not announced');
  }
  const files = join(places.objects, runPrefix(runId));
  const isGone = async () =>
    await access(files).then(
      () => false,
      () => true,
    );
  const timeoutMs = removeTriedAt + SWEEP_MS - performance.now();
  if (await until(isGone, { timeoutMs }).catch(() => false)) return;
  ledger.violate('nothing of a removed run is left', runId, files);
}
