import type { Claim, ConcurrencyLimits } from '../../runs/run-store.ts';
import type { LeasedCounts } from './leased-counts.ts';

/** What a limit is asked about. */
export interface Claimed {
  readonly owner: string;
  readonly engine: string;
}

export function ownerHasRoom(
  owner: string,
  { perOwner }: ConcurrencyLimits,
  { byOwner }: LeasedCounts,
): boolean {
  return perOwner === undefined || (byOwner.get(owner) ?? 0) < perOwner;
}

export function engineHasRoom(
  engine: string,
  limits: ConcurrencyLimits,
  { byEngine }: LeasedCounts,
): boolean {
  const limit = engineLimit(limits, engine);
  return limit === undefined || (byEngine.get(engine) ?? 0) < limit;
}

/** What is to be locked while these runs are counted; empty where there is no limit. */
export function lockSubjects(
  { owner, engine }: Claimed,
  limits: NonNullable<Claim['limits']>,
): readonly string[] {
  return [
    ...(limits.perOwner === undefined ? [] : [`runs of owner ${owner}`]),
    ...(engineLimit(limits, engine) === undefined ? [] : [`runs of engine ${engine}`]),
  ];
}

function engineLimit({ perEngine = {} }: ConcurrencyLimits, engine: string): number | undefined {
  return Object.hasOwn(perEngine, engine) ? perEngine[engine] : undefined;
}
