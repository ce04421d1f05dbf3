/** How long each of a changing set of daemons has not given a sign of life, on our own clock. */
export class Silence {
  readonly #monotonicNow: () => number;
  #seen = new Map<string, { readonly sign: number; readonly since: number }>();

  constructor(monotonicNow: () => number) {
    this.#monotonicNow = monotonicNow;
  }

  /** Takes down the latest sign of each daemon; one that is not named any more is forgotten. */
  observe(signs: ReadonlyMap<string, number>): void {
    const now = this.#monotonicNow();
    const seen = [...signs].map(([daemonId, sign]) => {
      const before = this.#seen.get(daemonId);
      return [daemonId, before?.sign === sign ? before : { sign, since: now }] as const;
    });
    this.#seen = new Map(seen);
  }

  ofDaemonMs(daemonId: string): number {
    const since = this.#seen.get(daemonId)?.since;
    return since === undefined ? 0 : this.#monotonicNow() - since;
  }
}
