import { LRUCache } from 'lru-cache';
import type { ChangeReader, RunChange, RunCursor } from '../../runs/change-reader.ts';
import { changeEvent, runEventId } from './change-events.ts';

const BLOCK_CHANGES = 250;
/** Followers of some hundreds of runs may be at different places. */
const KEPT_BLOCKS = 256;

/** Some of the changes of a run, encoded once for all who follow it. */
export interface ChangeBlock {
  readonly events: Buffer;
  /** Those without the changes of tasks. */
  readonly states: Buffer;
  /** The revision behind which the next block begins. */
  readonly next: number;
}

interface Wanted extends RunCursor {
  /** The revision that the run has reached at least. */
  readonly head: number;
  readonly answer: PromiseWithResolvers<ChangeBlock>;
}

/** Blocks of changes, each read and encoded once; those that are wanted at the same time are read together. */
export class ChangeBlocks {
  readonly #store: Pick<ChangeReader, 'listChanges'>;
  readonly #blocks = new LRUCache<string, Promise<ChangeBlock>>({ max: KEPT_BLOCKS });
  #wanted: Wanted[] = [];

  constructor(store: Pick<ChangeReader, 'listChanges'>) {
    this.#store = store;
  }

  /** What comes behind revision `after`; `head` is a revision that was seen. */
  read(runId: string, after: number, head: number): Promise<ChangeBlock> {
    const name = `${runId} ${after} ${head}`;
    const known = this.#blocks.get(name);
    if (known !== undefined) return known;
    const answer = Promise.withResolvers<ChangeBlock>();
    if (this.#wanted.length === 0) setImmediate(() => void this.#readWanted());
    this.#wanted.push({ runId, after, head, answer });
    this.#blocks.set(name, answer.promise);
    answer.promise.catch(() => this.#blocks.delete(name));
    return answer.promise;
  }

  async #readWanted(): Promise<void> {
    const rounds = apart(this.#wanted);
    this.#wanted = [];
    for (const wanted of rounds) {
      try {
        const found = await this.#store.listChanges(wanted, BLOCK_CHANGES);
        for (const one of wanted) one.answer.resolve(blockOf(one, found.get(one.runId) ?? []));
      } catch (error) {
        for (const { answer } of wanted) answer.reject(error);
      }
    }
  }
}

/** A question has one place in each run: who is at another place in the same run comes in another one. */
function apart(wanted: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const rounds: Map<string, Wanted>[] = [];
  for (const one of wanted) {
    let round = rounds.find((runs) => !runs.has(one.runId));
    if (round === undefined) rounds.push((round = new Map()));
    round.set(one.runId, one);
  }
  return rounds.map((round) => [...round.values()]);
}

function blockOf({ runId, after, head }: Wanted, changes: readonly RunChange[]): ChangeBlock {
  const encoded = changes.map((change) => ({
    type: change.type,
    event: changeEvent(runId, change, runEventId(runId, change.revision)),
  }));
  const last = changes.at(-1)?.revision ?? after;
  return {
    events: Buffer.concat(encoded.map(({ event }) => event)),
    states: Buffer.concat(encoded.flatMap(({ type, event }) => (type === 'state' ? [event] : []))),
    // Up to the head all was read; a change that is not there any more is told at a later revision, or never.
    next: changes.length < BLOCK_CHANGES ? Math.max(head, last) : last,
  };
}
