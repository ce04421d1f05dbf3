import pLimit from 'p-limit';
import type { CheckedRun, RequestValidator, Verdict } from '../runs/request-validator.ts';
import { checkRequest, type CheckDeps } from './check.ts';
import { chooseChecker, engineWithValidation, type Checker, type ChoiceDeps } from './choose.ts';
import { NotChecked } from './not-checked.ts';

export interface ValidatorDeps extends CheckDeps, ChoiceDeps {
  /** How many checks run at once. */
  readonly concurrency: number;
  readonly settings: CheckDeps['settings'];
  readonly logger: ValidationLogger;
}

interface ValidationLogger {
  info(facts: object, message: string): void;
}

export interface StoppableValidator extends RequestValidator {
  /** Resolves when no process and no directory of a check is left. */
  stop(): Promise<void>;
}

/** More than so many for each that runs would mostly wait in vain. */
const MOST_WAITING = 4;

export function createRequestValidator(deps: ValidatorDeps): StoppableValidator {
  const { concurrency, logger, settings } = deps;
  const slots = pLimit(concurrency);
  const underWay = new Set<Promise<unknown>>();
  const stopping = new AbortController();

  /** Cleaning up goes on when the time is over, and keeps its slot, but nobody waits for it. */
  async function checkInTime(run: CheckedRun, checker: Checker): Promise<Verdict> {
    if (slots.pendingCount >= concurrency * MOST_WAITING) {
      throw new NotChecked('too many others are being checked');
    }
    const timeout = new AbortController();
    const timer = setTimeout(
      () => timeout.abort(new NotChecked('it took too long')),
      settings.timeoutSeconds * 1000,
    );
    const signal = AbortSignal.any([timeout.signal, stopping.signal]);
    const work = slots(() => checkRequest(run, checker, deps, signal));
    const settled = work.catch(() => undefined).finally(() => underWay.delete(settled));
    underWay.add(settled);
    try {
      return await Promise.race([work, failureOf(signal)]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    validate: async (run) => {
      const found = await engineWithValidation(run, deps);
      if (found === undefined) return { kind: 'unknown', reason: 'nothing here can check it' };
      try {
        const verdict = await checkInTime(run, await chooseChecker(run, found, deps));
        if (verdict.kind === 'unknown') throw new NotChecked(verdict.reason);
        return verdict;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.info({ run_id: run.runId, engine: run.engine, reason }, 'request not validated');
        return { kind: 'unknown', reason };
      }
    },
    stop: async () => {
      stopping.abort(new NotChecked('the service stops'));
      await Promise.all(underWay);
    },
  };
}

function failureOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(signal.reason as NotChecked); // aborted with nothing else
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
