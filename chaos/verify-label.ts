import type { ClientContext } from './client-context.ts';
import type { KnownRun } from './ledger.ts';
import { list } from './observations.ts';

/**
 * The runs with the label of a submission are those that were asked for: it and its reruns, each once,
 * also where the answer was lost. Those that only the service knew of so far are told to the ledger.
 */
export async function checkLabel(context: ClientContext, known: KnownRun): Promise<void> {
  const { ledger } = context;
  const { label } = known.plan;
  const runIds = await list(context, label);
  if (runIds === undefined) return;
  for (const runId of runIds) {
    if (ledger.find(runId) === undefined) await adopt(context, label, runId);
  }
  const { runId, isRemoved } = known;
  if (runId !== undefined && !known.isRemoveTried && !runIds.includes(runId)) {
    ledger.violate('an accepted run exists', runId, 'no list has it');
  }
  if (runId !== undefined && isRemoved && runIds.includes(runId)) {
    ledger.violate('a removed run stays gone', runId, 'a list has it');
  }
}

async function adopt({ api, ledger }: ClientContext, label: string, runId: string): Promise<void> {
  const body = await api.read(`/runs/${runId}/history`);
  if (body === undefined) return;
  const asked = ledger.runs.find(
    (run) =>
      run.plan.label === label &&
      run.runId === undefined &&
      !run.isRefused &&
      run.rerunOf === body.rerun_of,
  );
  if (asked !== undefined) return ledger.accept(asked, runId);
  ledger.violate('one run for one idempotency key', runId, `nobody asked for this run of ${label}`);
}
