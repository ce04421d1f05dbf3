import type { Principal } from './principal.ts';

/** A run is seen and managed by its owner and by admins; to anyone else it does not exist. */
export function canSee(principal: Principal, run: { readonly owner: string }): boolean {
  return principal.isAdmin || run.owner === principal.name;
}

/** The owner to whom lists are narrowed; undefined for a principal that sees all runs. */
export function visibleOwner(principal: Principal): string | undefined {
  return principal.isAdmin ? undefined : principal.name;
}
