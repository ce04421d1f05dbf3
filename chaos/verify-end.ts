import type { State } from '../src/runs/state.ts';
import type { KnownRun, Ledger } from './ledger.ts';
import type { Move, Violate } from './verify-history.ts';

/** How a run ended, against what was asked of it and done to it. */
export function checkEnd(
  known: KnownRun,
  state: State,
  moves: readonly Move[],
  violate: Violate,
): void {
  const planned = plannedEnd(known);
  if (state === 'CANCELED') {
    if (!known.isCancelTried) violate('only a cancelled run is CANCELED', 'nobody cancelled it');
  } else if (!known.isHurt && state !== planned) {
    violate('a run ends as its workflow does', `it is ${state}, not ${planned}`);
  }
  checkCancel(known, state, moves, violate);
}

/** The same as long as the run can still be looked at: after its removal there is no more to see. */
export function checkEndOfRemoved(ledger: Ledger, known: KnownRun, moves: readonly Move[]): void {
  const { runId, end, history } = known;
  const violate = (rule: string, detail: string) => ledger.violate(rule, runId, detail, history);
  if (end === undefined) return;
  const last = moves.at(-1)?.to;
  if (last !== end) violate('the history ends in the state', `${last}, ${end}`);
  checkEnd(known, end, moves, violate);
}

function plannedEnd({ plan }: KnownRun): State {
  return plan.exitCode === 0 && !plan.isOverTime ? 'COMPLETE' : 'EXECUTOR_ERROR';
}

/** A 200 for the cancel of a run that had not ended is a promise. */
function checkCancel(
  { cancelAcceptedAt: acceptedAt }: KnownRun,
  state: State,
  moves: readonly Move[],
  violate: Violate,
): void {
  const endedAt = moves.at(-1)?.at ?? 0;
  const isHeard = moves.some(({ to }) => to === 'CANCELING' || to === 'CANCELED');
  if (acceptedAt !== undefined && !isHeard && endedAt > acceptedAt) {
    violate('an accepted cancel is carried out', `accepted at ${acceptedAt}, but ${state}`);
  }
}
