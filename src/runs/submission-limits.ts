import { WesError } from './errors.ts';
import { PRIORITY } from './service-parameters.ts';

/** How much of the queue one user may have. */
export interface SubmissionLimits {
  /** Highest priority that a user may ask for who is no admin; admins may ask for any. */
  readonly userMaxPriority: number;
  /** Most runs of one owner in the queue, admins included; 0 for no limit. */
  readonly maxQueuedRuns: number;
}

/** @throws WesError `forbidden` for a priority above what the caller may ask for */
export function checkPriority(
  priority: number,
  caller: { readonly isAdmin: boolean },
  { userMaxPriority }: SubmissionLimits,
): void {
  if (caller.isAdmin || priority <= userMaxPriority) return;
  throw new WesError(
    'forbidden',
    `workflow_engine_parameters.priority: ${priority} is for admins only; you may ask for ${PRIORITY.lowest} to ${userMaxPriority}`,
  );
}
