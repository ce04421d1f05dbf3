import { setTimeout as delay } from 'node:timers/promises';
import type { RecordedLine, RunCursor, RunHead } from '../../runs/change-reader.ts';
import type { FeedBatch, FeedChanges } from './feed-changes.ts';
import { LOOK_MS } from './run-watches.ts';

/**
 * How long a line of history may take from when it is written to when it is visible: the end of its
 * transaction. For runs under a lease, whose transactions may be long, nothing depends on it.
 */
export const LOOK_BACK_MS = 60_000;

export interface FeedFollower {
  /** Called in order; must not throw. */
  take(batch: FeedBatch): void;
}

/** Followers of runs of which nothing is told come to know that often how far the feed is. */
export const POSITION_MS = 60_000;

/** What was told since the first of the followers came. */
interface Turns {
  readonly stopping: AbortController;
  /** The revision up to which a run was told: of runs under a lease, and of those in the time looked back on. */
  readonly told: Map<string, number>;
  leased: ReadonlySet<string>;
  positionedAt: number;
  /** Done when all that comes from then on is told. */
  readonly begun: PromiseWithResolvers<void>;
}

/**
 * The changes of all runs, for any number of followers: one look in turn, whoever follows. New changes are
 * found by the lines of history that were recorded lately, and by the heads of runs under a lease, now and
 * at the look before; each run is then read on from the revision up to which it was told.
 */
export class RunFeed {
  readonly #changes: FeedChanges;
  readonly #onError: (error: unknown) => void;
  readonly #followers = new Set<FeedFollower>();
  #turns: Turns | undefined;

  constructor(changes: FeedChanges, onError: (error: unknown) => void) {
    this.#changes = changes;
    this.#onError = onError;
  }

  /** Resolves when all that comes from now on will be told. @throws when the database can't be asked */
  async join(follower: FeedFollower): Promise<void> {
    this.#followers.add(follower);
    this.#turns ??= this.#begin();
    await this.#turns.begun.promise;
  }

  leave(follower: FeedFollower): void {
    this.#followers.delete(follower);
    if (this.#followers.size > 0) return;
    this.#turns?.stopping.abort();
    this.#turns = undefined;
  }

  #begin(): Turns {
    const turns: Turns = {
      stopping: new AbortController(),
      told: new Map(),
      leased: new Set(),
      positionedAt: performance.now(),
      begun: Promise.withResolvers(),
    };
    void this.#lookInTurn(turns);
    return turns;
  }

  async #lookInTurn(turns: Turns): Promise<void> {
    const { signal } = turns.stopping;
    try {
      await this.#lookFirst(turns);
      turns.begun.resolve();
    } catch (error) {
      // The next who comes begins anew.
      if (this.#turns === turns) this.#turns = undefined;
      turns.begun.reject(error);
      return;
    }
    for (;;) {
      await delay(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      // What can't be asked now is asked again: what was not told is not missed.
      await this.#look(turns).catch(this.#onError);
    }
  }

  /** What there is now was told before. */
  async #lookFirst(turns: Turns): Promise<void> {
    const { leased, lines } = await this.#see();
    for (const { runId, revision } of [...leased, ...lines]) tell(turns, runId, revision);
    turns.leased = new Set(leased.map(({ runId }) => runId));
  }

  async #look(turns: Turns): Promise<void> {
    const { position, leased, lines } = await this.#see();
    const leasedNow = new Set(leased.map(({ runId }) => runId));
    const released = [...turns.leased].filter((runId) => !leasedNow.has(runId));
    const ended = await this.#changes.store.listHeads(released);
    const cursors = cursorsOf(turns, lines, [...leased, ...ended]);
    const told = (runId: string, revision: number): void => tell(turns, runId, revision);
    for await (const batch of this.#changes.read(cursors, position, told)) {
      if (turns.stopping.signal.aborted) return;
      this.#give(batch);
    }
    turns.leased = leasedNow;
    forget(turns, lines);
    if (performance.now() - turns.positionedAt < POSITION_MS) return;
    turns.positionedAt = performance.now();
    this.#give({ position, changes: [] });
  }

  #give(batch: FeedBatch): void {
    for (const follower of this.#followers) follower.take(batch);
  }

  /** Leases first: a run that was claimed between the two questions is then told of by its line. */
  async #see() {
    const position = await this.#changes.store.recordingTime();
    const leased = await this.#changes.store.listLeasedHeads();
    const lines: RecordedLine[] = [];
    for await (const page of this.#changes.recorded(position - LOOK_BACK_MS)) lines.push(...page);
    return { position, leased, lines };
  }
}

function cursorsOf(
  { told }: Turns,
  lines: readonly RecordedLine[],
  heads: readonly RunHead[],
): readonly RunCursor[] {
  const reached = new Map<string, number>();
  const first = new Map<string, number>();
  for (const { runId, revision } of [...lines, ...heads]) {
    reached.set(runId, Math.max(revision, reached.get(runId) ?? 0));
  }
  for (const { runId, revision } of lines) {
    first.set(runId, Math.min(revision, first.get(runId) ?? revision));
  }
  return [...reached].flatMap(([runId, revision]) => {
    // Of a run that is new here, all its lines in the time looked back on are news.
    const after = told.get(runId) ?? (first.get(runId) ?? revision + 1) - 1;
    told.set(runId, after);
    return revision > after ? [{ runId, after }] : [];
  });
}

function tell({ told }: Turns, runId: string, revision: number): void {
  told.set(runId, Math.max(revision, told.get(runId) ?? 0));
}

function forget({ told, leased }: Turns, lines: readonly RecordedLine[]): void {
  const kept = new Set(lines.map(({ runId }) => runId));
  for (const runId of told.keys()) {
    if (!kept.has(runId) && !leased.has(runId)) told.delete(runId);
  }
}
