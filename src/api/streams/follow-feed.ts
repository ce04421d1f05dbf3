import type { FastifyBaseLogger } from 'fastify';
import type { ChangeReader } from '../../runs/change-reader.ts';
import { FeedChanges, type FeedBatch, type FeedChange } from './feed-changes.ts';
import { LOOK_BACK_MS, POSITION_MS, RunFeed } from './run-feed.ts';
import { serverSentEvent } from './server-sent-events.ts';
import { Wakeups } from './wakeups.ts';

/** A client may have lost its connection in the middle of what was found at once. */
const RESUME_BACK_MS = 2 * LOOK_BACK_MS;
/** A client that reads so slowly is sent away: it comes back to where it was, and memory stays free. */
const MOST_WAITING = 20_000;

export interface FeedRequest {
  /** Position of an earlier stream; undefined to begin now. */
  readonly from: number | undefined;
  readonly wants: (change: FeedChange) => boolean;
}

/** Gives the events of the runs that are wanted, until the signal is aborted. */
export type FollowFeed = (
  request: FeedRequest,
  signal: AbortSignal,
) => AsyncGenerator<Buffer, void, undefined>;

export function createFollowFeed(store: ChangeReader, logger: FastifyBaseLogger): FollowFeed {
  const changes = new FeedChanges(store);
  const onError = (error: unknown): void => logger.warn({ err: error }, 'look at runs failed');
  const feed = new RunFeed(changes, onError);

  return async function* followFeed({ from, wants }, signal) {
    const queue = new BatchQueue();
    try {
      const begun = await store.recordingTime();
      await feed.join(queue);
      yield positionEvent(from ?? begun);
      const told = new Map<string, number>();
      if (from !== undefined) {
        for await (const batch of catchUp(changes, from, told)) {
          if (signal.aborted) return;
          yield* eventsOf(batch, wants);
        }
      }
      const isNews = ({ traits: { runId }, change }: FeedChange): boolean =>
        change.revision > (told.get(runId) ?? 0);
      yield* live(queue, (change) => isNews(change) && wants(change), signal);
    } finally {
      feed.leave(queue);
    }
  };
}

/** All that happened from a while before a position until now. */
async function* catchUp(
  changes: FeedChanges,
  from: number,
  told: Map<string, number>,
): AsyncGenerator<FeedBatch, void, undefined> {
  const since = from - RESUME_BACK_MS;
  let position = from;
  async function* read(runIds: readonly string[]) {
    const fresh = [...new Set(runIds)].filter((runId) => !told.has(runId));
    const before = await changes.store.listHeadsBefore(fresh, since);
    const cursors = fresh.map((runId) => ({ runId, after: before.get(runId) ?? 0 }));
    for (const { runId, after } of cursors) told.set(runId, after);
    yield* changes.read(cursors, position, (runId, revision) => told.set(runId, revision));
  }
  const leased = await changes.store.listLeasedHeads();
  yield* read(leased.map(({ runId }) => runId));
  for await (const page of changes.recorded(since)) {
    yield* read(page.map(({ runId }) => runId));
    position = Math.max(position, page.at(-1)?.recordedAt ?? position);
  }
}

async function* live(
  queue: BatchQueue,
  wants: FeedRequest['wants'],
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let placedAt = performance.now();
  while (await queue.hasMore(signal)) {
    for (const batch of queue.takeAll()) {
      for (const events of eventsOf(batch, wants)) {
        placedAt = performance.now();
        yield events;
      }
      if (performance.now() - placedAt < POSITION_MS) continue;
      placedAt = performance.now();
      yield positionEvent(batch.position);
    }
  }
}

function* eventsOf(
  { changes }: FeedBatch,
  wants: FeedRequest['wants'],
): Generator<Buffer, void, undefined> {
  const wanted = changes.flatMap((change) => (wants(change) ? [change.event] : []));
  if (wanted.length > 0) yield Buffer.concat(wanted);
}

/** Tells nothing but where the stream is: its id is what a client comes back with. */
function positionEvent(position: number): Buffer {
  return serverSentEvent('position', {}, String(position));
}

/** What a follower has not read yet. */
class BatchQueue {
  readonly #wakeups = new Wakeups();
  #batches: FeedBatch[] = [];
  #waiting = 0;

  take(batch: FeedBatch): void {
    this.#waiting += batch.changes.length;
    if (this.#waiting <= MOST_WAITING) this.#batches.push(batch);
    else this.#batches = [];
    this.#wakeups.wake();
  }

  /** Until there is something; false when it is too much, and when the signal is aborted. */
  async hasMore(signal: AbortSignal): Promise<boolean> {
    const isTooMuch = (): boolean => this.#waiting > MOST_WAITING;
    await this.#wakeups.until(() => this.#batches.length > 0 || isTooMuch(), signal);
    return !signal.aborted && !isTooMuch();
  }

  takeAll(): readonly FeedBatch[] {
    const batches = this.#batches;
    this.#batches = [];
    this.#waiting = 0;
    return batches;
  }
}
