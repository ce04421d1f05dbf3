import type { RunEvent } from './run.ts';

/** How long a run was PAUSED in all, in ms; until `now` when it still is. */
export function pausedMilliseconds(history: readonly RunEvent[], now: number): number {
  let total = 0;
  let pausedAt: number | undefined;
  for (const { at, from, to } of history) {
    const isRemark = from === to;
    if (isRemark) continue;
    if (pausedAt !== undefined) total += at - pausedAt;
    pausedAt = to === 'PAUSED' ? at : undefined;
  }
  // The clock that wrote the history may be ahead of this one.
  return pausedAt === undefined ? total : total + Math.max(0, now - pausedAt);
}
