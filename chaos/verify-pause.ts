import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientContext } from './client-context.ts';
import type { AcceptedRun } from './ledger.ts';
import { lookAtHistory } from './observations.ts';
import type { Move } from './verify-history.ts';

const LOOK_MS = 900;

/** A PAUSED run prints nothing, as long as its history tells nothing new. */
export async function checkStandsStill(context: ClientContext, run: AcceptedRun): Promise<void> {
  if (run.plan.kind === 'fake') return;
  const before = await lookAtHistory(context, run);
  if (before === undefined || !isPaused(before)) return;
  const printedBefore = await printed(context, run);
  await delay(LOOK_MS);
  const printedAfter = await printed(context, run);
  const after = await lookAtHistory(context, run);
  // Somebody may have let it go on, and where processes are stopped one by one, we ourselves.
  if (after?.length !== before.length || run.isWoken || printedBefore === printedAfter) return;
  const detail = `it printed ${JSON.stringify(printedAfter.slice(printedBefore.length))}`;
  context.ledger.violate('a paused run stands still', run.runId, detail, run.history);
}

function isPaused(moves: readonly Move[]): boolean {
  return moves.at(-1)?.to === 'PAUSED';
}

async function printed({ markDirectory }: ClientContext, { runId }: AcceptedRun): Promise<string> {
  return await readFile(join(markDirectory, `${runId}.lines`), 'utf8').catch(() => '');
}
