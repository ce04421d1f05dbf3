import { invalidRequest } from './errors.ts';
import type { NewRun } from './run.ts';

/** What an engine says of a request before anything is run. */
export type Verdict =
  | { readonly kind: 'valid' }
  | {
      readonly kind: 'invalid';
      /** What is to be changed: the documents, or the inputs. */
      readonly field: 'workflow_url' | 'workflow_params';
      /** In the engine's own words. */
      readonly problem: string;
    }
  /** It could not be checked, or not in time: the run will tell. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Has the engine check a request whose attachments are in storage. */
export interface RequestValidator {
  /** Bounded in time, and never rejects: what goes wrong makes the verdict unknown. */
  validate(run: CheckedRun): Promise<Verdict>;
}

export type CheckedRun = Pick<NewRun, 'runId' | 'engine' | 'request' | 'attachments'>;

/** The error that a verdict is, if it is one. */
export function refusalBy(engine: string, verdict: Verdict): Error | undefined {
  if (verdict.kind !== 'invalid') return undefined;
  const { field, problem } = verdict;
  const what = field === 'workflow_params' ? 'inputs' : 'workflow';
  return invalidRequest(field, `${engine} refuses the ${what}: ${problem}`);
}
