import { WesError } from './errors.ts';
import { isTerminal, type StoredState } from './state.ts';

/** Of a run that is to be paused, or to go on, and is neither RUNNING nor PAUSED. */
export function pauseRefused(runId: string, state: StoredState, isPaused: boolean): WesError {
  const [what, from] = isPaused ? ['paused', 'RUNNING'] : ['resumed', 'PAUSED'];
  return wrongState(runId, state, `be ${what}: only a run that is ${from} can; ${remedy(state)}`);
}

function remedy(state: StoredState): string {
  if (isTerminal(state)) return 'rerun it to execute it again';
  if (state === 'CANCELING') return 'it is being stopped for good';
  return 'wait until its engine was started, or cancel it';
}

/** Of a run that is to be removed and has not ended. */
export function removalRefused(runId: string, state: StoredState): WesError {
  const first = state === 'CANCELING' ? '' : 'cancel it first, and ';
  return wrongState(
    runId,
    state,
    `be removed: only a run that ended can; ${first}wait until it is CANCELED`,
  );
}

/** Of a run of which something is asked for that is only known when it has ended. */
export function stillRunning(runId: string, state: StoredState, what: string): WesError {
  return wrongState(runId, state, `${what}: wait until it has ended`);
}

function wrongState(runId: string, state: StoredState, problem: string): WesError {
  return new WesError('wrong_state', `run ${runId} is ${state} and can't ${problem}`);
}
