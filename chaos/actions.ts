import { setTimeout as delay } from 'node:timers/promises';
import { readJson } from './api-client.ts';
import type { ClientContext } from './client-context.ts';
import type { AcceptedRun } from './ledger.ts';
import { lookAtHistory, poll } from './observations.ts';
import { checkEndOfRemoved } from './verify-end.ts';
import { checkStandsStill } from './verify-pause.ts';

const LOOKS = 40;
const LOOK_MS = 30;
const TRIES = 5;
const LONGEST_PAUSE_MS = 4000;

/** Asks for the end of a run, and watches: what is alive then does not live long. */
export async function cancel(context: ClientContext, run: AcceptedRun): Promise<void> {
  run.isCancelTried = true;
  const answer = await context.api.call('POST', `/runs/${run.runId}/cancel`);
  if (answer?.ok === true) run.cancelAcceptedAt ??= Date.now();
  await watch(context, run, () => run.end !== undefined);
}

/** Pauses a run, looks whether it stands still, and mostly lets it go on; else others will. */
export async function pause(context: ClientContext, run: AcceptedRun): Promise<void> {
  const answer = await context.api.call('POST', `/runs/${run.runId}/pause`);
  if (answer?.ok !== true) return checkRefusal(context, run, answer);
  await watch(context, run, () => run.state === 'PAUSED' || run.end !== undefined);
  if (run.state === 'PAUSED') await checkStandsStill(context, run);
  await delay(context.random.between(0, LONGEST_PAUSE_MS));
  if (context.random.chance(0.8)) await resume(context, run);
}

/** Until it is answered. */
export async function resume(context: ClientContext, run: AcceptedRun): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await context.api.call('POST', `/runs/${run.runId}/resume`);
    if (answer?.ok === true) return;
    if (answer !== undefined && answer.status < 500) return checkRefusal(context, run, answer);
    await delay(context.random.between(100, 500));
  }
}

/** Removes a run that ended, after a last look at what goes with it. */
export async function remove(context: ClientContext, run: AcceptedRun): Promise<void> {
  const { api, ledger, random } = context;
  const { end } = run;
  const moves = end === undefined ? undefined : await lookAtHistory(context, run);
  if (moves !== undefined) checkEndOfRemoved(ledger, run, moves);
  run.isRemoveTried = true;
  run.removeTriedAt = performance.now();
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await api.call('DELETE', `/runs/${run.runId}`);
    if (answer?.ok === true || answer?.status === 404) {
      run.isRemoved = true;
      return;
    }
    if (answer?.status === 409) {
      if (end === undefined) return;
      return ledger.violate('a run that ended can be removed', run.runId, await answer.text());
    }
    await delay(random.between(100, 500));
  }
}

async function watch(
  context: ClientContext,
  run: AcceptedRun,
  isSeen: () => boolean,
): Promise<void> {
  for (let looks = 0; looks < LOOKS && !isSeen(); looks += 1) {
    await poll(context, run);
    await delay(LOOK_MS);
  }
}

/** Pausing is refused in states that do not know it, with 409, and when the run is gone. */
async function checkRefusal(
  { ledger }: ClientContext,
  run: AcceptedRun,
  answer: Response | undefined,
): Promise<void> {
  if (answer === undefined || answer.status >= 500 || answer.status === 409) return;
  if (answer.status === 404 && run.isRemoveTried) return;
  const detail = `${answer.status}: ${String((await readJson(answer))?.msg)}`;
  ledger.violate('pausing is refused by the rules only', run.runId, detail);
}
