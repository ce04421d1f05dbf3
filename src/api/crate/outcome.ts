import type { Entity } from './entity.ts';

/** How an action ended; the profile knows two ways, and nobody may know which it was. */
export type Outcome =
  { readonly ended: 'well' | 'unknown' } | { readonly ended: 'badly'; readonly problem: string };

export function outcomeOf(outcome: Outcome): Partial<Entity> {
  if (outcome.ended === 'badly') {
    return { actionStatus: 'http://schema.org/FailedActionStatus', error: outcome.problem };
  }
  if (outcome.ended === 'unknown') return {};
  return { actionStatus: 'http://schema.org/CompletedActionStatus' };
}
