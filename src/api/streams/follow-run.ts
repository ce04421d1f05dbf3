import type { FastifyBaseLogger } from 'fastify';
import type { ChangeReader, RunCursor } from '../../runs/change-reader.ts';
import type { StoredState } from '../../runs/state.ts';
import { ChangeBlocks } from './change-blocks.ts';
import { runEventId } from './change-events.ts';
import { RunWatches } from './run-watches.ts';
import { serverSentEvent } from './server-sent-events.ts';

/** Gives the events of a run behind a revision, to its end. */
export type FollowRun = (
  cursor: RunCursor & { readonly withTasks: boolean },
  signal: AbortSignal,
) => AsyncGenerator<Buffer, void, undefined>;

export function createFollowRun(
  store: Pick<ChangeReader, 'listHeads' | 'listChanges'>,
  logger: FastifyBaseLogger,
): FollowRun {
  const onError = (error: unknown): void => logger.warn({ err: error }, 'look at runs failed');
  const watches = new RunWatches({ store, onError });
  const blocks = new ChangeBlocks(store);

  return async function* followRun({ runId, after, withTasks }, signal) {
    const watch = watches.join(runId);
    try {
      for (let at = after; ;) {
        const isBehind = (): boolean => watch.head !== undefined && watch.head.revision > at;
        await watch.wakeups.until(() => isBehind() || watch.isOver, signal);
        if (signal.aborted) return;
        if (watch.head === undefined || !isBehind()) {
          yield endEvent(runId, watch.isGone ? undefined : watch.head?.state);
          return;
        }
        const block = await blocks.read(runId, at, watch.head.revision);
        const events = withTasks ? block.events : block.states;
        if (events.length > 0) yield events;
        at = block.next;
      }
    } finally {
      watches.leave(runId, watch);
    }
  };
}

function endEvent(runId: string, state: StoredState | undefined): Buffer {
  const data = { run_id: runId, ...(state !== undefined && { state }) };
  return serverSentEvent('end', data, runEventId(runId, 'end'));
}
