/** The time of a simulated job: it stands still while the job is paused. */
export interface FakeClock {
  readonly isPaused: boolean;
  /** How long the job was executing up to a moment. */
  elapsedMs(at: number): number;
  /** The moment at which the job had been executing for so long. */
  momentAt(elapsedMs: number): number;
}

/** `turns`: the moments at which the job was paused, went on, was paused again, and so on. */
export function createFakeClock(startedAt: number, turns: readonly number[]): FakeClock {
  const pauses = Array.from({ length: Math.ceil(turns.length / 2) }, (_none, index) => {
    const from = turns[2 * index] ?? 0;
    return { from, to: turns[2 * index + 1] ?? Number.POSITIVE_INFINITY };
  });
  return {
    isPaused: turns.length % 2 === 1,
    elapsedMs: (at) => {
      const paused = pauses.map(({ from, to }) => Math.max(0, Math.min(at, to) - from));
      return at - startedAt - paused.reduce((sum, one) => sum + one, 0);
    },
    momentAt: (elapsedMs) => {
      let moment = startedAt + elapsedMs;
      // What happens in the very moment of a pause happens before it.
      for (const { from, to } of pauses) if (from < moment) moment += to - from;
      return moment;
    },
  };
}
