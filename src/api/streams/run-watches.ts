import { setTimeout as delay } from 'node:timers/promises';
import type { ChangeReader, RunHead } from '../../runs/change-reader.ts';
import { isTerminal } from '../../runs/state.ts';
import { Wakeups } from './wakeups.ts';

/** Events arrive within two seconds; reading them takes a part of it. */
export const LOOK_MS = 500;

export interface RunWatchesOptions {
  readonly store: Pick<ChangeReader, 'listHeads'>;
  readonly onError: (error: unknown) => void;
}

/** How far a run that is followed has come. */
export class RunWatch {
  readonly wakeups = new Wakeups();
  /** Undefined until it was looked at, and of a run that is gone. */
  head: RunHead | undefined;
  isGone = false;
  followers = 0;

  /** Nothing more is told of it, but for remarks. */
  get isOver(): boolean {
    return this.isGone || (this.head !== undefined && isTerminal(this.head.state));
  }
}

/**
 * Looks at all runs that are followed in turn, with one question for very many of them, however many
 * follow each. While none is followed nothing goes on.
 */
export class RunWatches {
  readonly #options: RunWatchesOptions;
  readonly #watches = new Map<string, RunWatch>();
  /** Joined since the last look: looked at as soon as those that joined with them are there too. */
  readonly #fresh = new Set<string>();
  #turns: AbortController | undefined;

  constructor(options: RunWatchesOptions) {
    this.#options = options;
  }

  join(runId: string): RunWatch {
    const known = this.#watches.get(runId);
    const watch = known ?? new RunWatch();
    watch.followers += 1;
    if (known !== undefined) return watch;
    this.#watches.set(runId, watch);
    if (this.#fresh.size === 0) setImmediate(() => void this.#lookAtFresh());
    this.#fresh.add(runId);
    this.#turns ??= this.#beginTurns();
    return watch;
  }

  leave(runId: string, watch: RunWatch): void {
    watch.followers -= 1;
    if (watch.followers > 0) return;
    this.#watches.delete(runId);
    if (this.#watches.size > 0) return;
    this.#turns?.abort();
    this.#turns = undefined;
  }

  #beginTurns(): AbortController {
    const turns = new AbortController();
    void this.#lookInTurn(turns.signal);
    return turns;
  }

  async #lookInTurn(signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      const open = [...this.#watches].flatMap(([runId, watch]) => (watch.isOver ? [] : [runId]));
      await this.#look(open);
    }
  }

  async #lookAtFresh(): Promise<void> {
    const runIds = [...this.#fresh];
    this.#fresh.clear();
    await this.#look(runIds);
  }

  /** What can't be asked now is asked again in the next turn: followers wait meanwhile. */
  async #look(runIds: readonly string[]): Promise<void> {
    const asked = runIds.map((runId) => [runId, this.#watches.get(runId)] as const);
    try {
      const heads = await this.#options.store.listHeads(runIds);
      const byRun = new Map(heads.map((head) => [head.runId, head]));
      for (const [runId, watch] of asked) if (watch !== undefined) tell(watch, byRun.get(runId));
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

/** Answers may overtake each other: a run never goes back. */
function tell(watch: RunWatch, head: RunHead | undefined): void {
  if (head === undefined) watch.isGone = true;
  else if (head.revision <= (watch.head?.revision ?? 0)) return;
  else watch.head = head;
  watch.wakeups.wake();
}
