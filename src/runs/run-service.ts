import type { Caller } from './caller.ts';
import { WesError } from './errors.ts';
import type { RunStateRow, RunStore } from './run-store.ts';
import { isTerminal } from './state.ts';
import {
  submitRun,
  type Submission,
  type SubmissionDeps,
  type SubmitResult,
} from './submit-run.ts';
import { pauseRefused, removalRefused } from './wrong-state.ts';

/** What clients do to runs: the rules that hold whichever way a request comes in. */
export interface RunService {
  /**
   * Checks the request and queues it. With an idempotency key that this owner already used for the
   * same request nothing is queued and the earlier run is told.
   * @throws WesError `invalid_request`; `forbidden` for a priority that is not the caller's to ask for;
   *   `quota_exceeded`; `idempotency_conflict` when the key was used for another request
   */
  submit(submission: Submission): Promise<SubmitResult>;

  /**
   * Cancels a run; one that ended, or is being cancelled already, stays as it is.
   * @throws WesError `run_not_found`, also for a run that the caller may not manage
   */
  cancel(runId: string, caller: Caller): Promise<void>;

  /**
   * Has a running run paused, or a paused one go on. Asking for what is so already changes nothing.
   * @throws WesError `run_not_found` as `cancel`; `wrong_state` for a run that is neither RUNNING nor PAUSED
   */
  setPaused(runId: string, isPaused: boolean, caller: Caller): Promise<void>;

  /**
   * Removes a run that ended from the database; its storage is to be removed after that.
   * @throws WesError `run_not_found` as `cancel`; `wrong_state` for a run that has not ended
   */
  remove(runId: string, caller: Caller): Promise<void>;
}

export interface RunServiceDeps extends SubmissionDeps {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function createRunService(deps: RunServiceDeps): RunService {
  const { store, now = Date.now } = deps;
  return {
    submit: (submission) => submitRun(deps, submission, now()),

    async cancel(runId, caller) {
      await findManaged(store, runId, caller);
      const state = await store.requestCancel(runId, actor(caller), now());
      if (state === undefined) throw notFound(runId);
    },

    async setPaused(runId, isPaused, caller) {
      await findManaged(store, runId, caller);
      const request = { runId, pause: isPaused, actor: actor(caller), at: now() };
      const state = await store.requestPause(request);
      if (state === undefined) throw notFound(runId);
      if (state !== 'RUNNING' && state !== 'PAUSED') throw pauseRefused(runId, state, isPaused);
    },

    async remove(runId, caller) {
      await findManaged(store, runId, caller);
      const state = await store.removeRun(runId, now());
      if (state === undefined) throw notFound(runId);
      if (!isTerminal(state)) throw removalRefused(runId, state);
    },
  };
}

async function findManaged(store: RunStore, runId: string, caller: Caller): Promise<RunStateRow> {
  const run = await store.getRunState(runId);
  if (run === undefined || !caller.mayManage(run)) throw notFound(runId);
  return run;
}

function actor({ name }: Caller): string {
  return `user:${name}`;
}

function notFound(runId: string): WesError {
  return new WesError('run_not_found', `run ${runId} was not found`);
}
