import { LRUCache } from 'lru-cache';
import type {
  ChangeReader,
  RecordedLine,
  RunChange,
  RunCursor,
  RunTraits,
} from '../../runs/change-reader.ts';
import { changeEvent } from './change-events.ts';

const CHANGES_OF_A_RUN = 250;
const LINES_AT_ONCE = 5000;
const RUNS_AT_ONCE = 500;
const KEPT_TRAITS = 10_000;

/** One change of some run, encoded once for all who follow. */
export interface FeedChange {
  readonly traits: RunTraits;
  readonly change: RunChange;
  readonly event: Buffer;
}

export interface FeedBatch {
  /** The time by the clock of recording behind which a client goes on that has all of this. */
  readonly position: number;
  readonly changes: readonly FeedChange[];
}

/** Reads changes of many runs, those of each in order. */
export class FeedChanges {
  readonly store: ChangeReader;
  readonly #traits = new LRUCache<string, RunTraits>({ max: KEPT_TRAITS });

  constructor(store: ChangeReader) {
    this.store = store;
  }

  /**
   * All that there is behind the cursors, in parts. `told` is told how far each run has come when a part
   * was read.
   */
  async *read(
    cursors: readonly RunCursor[],
    position: number,
    told: (runId: string, revision: number) => void,
  ): AsyncGenerator<FeedBatch, void, undefined> {
    for (let start = 0; start < cursors.length; start += RUNS_AT_ONCE) {
      let open = cursors.slice(start, start + RUNS_AT_ONCE);
      while (open.length > 0) {
        const found = await this.store.listChanges(open, CHANGES_OF_A_RUN);
        const traits = await this.#traitsOf([...found.keys()]);
        const changes = [...found].flatMap(([runId, list]) =>
          encoded(traits.get(runId), list, String(position)),
        );
        for (const [runId, list] of found) told(runId, list.at(-1)?.revision ?? 0);
        if (changes.length > 0) yield { position, changes };
        open = open.flatMap(({ runId }) => {
          const list = found.get(runId) ?? [];
          const last = list.at(-1);
          const hasMore = list.length === CHANGES_OF_A_RUN && last !== undefined;
          return hasMore ? [{ runId, after: last.revision }] : [];
        });
      }
    }
  }

  /** The lines that were recorded from a time on, page by page. */
  async *recorded(from: number): AsyncGenerator<readonly RecordedLine[], void, undefined> {
    let after: RecordedLine | undefined;
    do {
      const limit = LINES_AT_ONCE;
      const page = await this.store.listRecorded({ from, limit, ...(after && { after }) });
      yield page;
      after = page.length === limit ? page.at(-1) : undefined;
    } while (after !== undefined);
  }

  async #traitsOf(runIds: readonly string[]): Promise<ReadonlyMap<string, RunTraits>> {
    const unknown = runIds.filter((runId) => !this.#traits.has(runId));
    const read = unknown.length === 0 ? [] : await this.store.listTraits(unknown);
    for (const traits of read) this.#traits.set(traits.runId, traits);
    const fresh = new Map(read.map((traits) => [traits.runId, traits]));
    return new Map(
      runIds.flatMap((runId) => {
        const traits = fresh.get(runId) ?? this.#traits.get(runId);
        return traits === undefined ? [] : [[runId, traits] as const];
      }),
    );
  }
}

/** A run that was removed between the two questions has no traits: nobody is told of it any more. */
function encoded(
  traits: RunTraits | undefined,
  list: readonly RunChange[],
  id: string,
): readonly FeedChange[] {
  if (traits === undefined) return [];
  return list.map((change) => ({ traits, change, event: changeEvent(traits.runId, change, id) }));
}
