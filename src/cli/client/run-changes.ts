import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal } from '../../runs/state.ts';
import type { RunEvent } from '../../wes/reading-events.ts';
import type { RunState } from '../../wes/reading.ts';
import type { TaskLog } from '../../wes/run-log.ts';
import type { State } from '../../wes/state.ts';

export interface RunSnapshot {
  readonly run: Pick<RunState, 'run_id' | 'state'>;
  readonly tasks: readonly TaskLog[];
}

/** Changes of tasks that come that close together are shown as one. */
const FRAME_MS = 200;

/**
 * A run and its tasks as its events tell of them, the last time in a state that it never leaves. Returns
 * whether that was reached: a server may go away for good, or stop telling.
 */
export async function* snapshotsOf(
  runId: string,
  events: AsyncGenerator<RunEvent, void, undefined>,
  signal: AbortSignal,
): AsyncGenerator<RunSnapshot, boolean, undefined> {
  const tasks = new Map<string, TaskLog>();
  let state: State = 'UNKNOWN';
  const snapshot = (): RunSnapshot => ({
    run: { run_id: runId, state },
    tasks: [...tasks.values()],
  });
  let frame: Promise<'frame'> | undefined;
  let next = events.next();
  for (;;) {
    const got = await (frame === undefined ? next : Promise.race([next, frame]));
    if (got === 'frame') {
      frame = undefined;
      yield snapshot();
      continue;
    }
    const event = got.value;
    // A run that ended has nothing more to tell: what is shown last is all of it.
    if (event === undefined || event.type === 'end') break;
    if (event.type === 'task') tasks.set(event.task.id, event.task);
    // Another attempt begins tasks anew.
    else if (event.from !== event.to && event.to === 'INITIALIZING') tasks.clear();
    next = events.next();
    if (event.type === 'state') {
      state = event.to;
      frame = undefined;
      yield snapshot();
    } else {
      frame ??= delay(FRAME_MS, 'frame' as const, { signal });
      frame.catch(() => undefined);
    }
  }
  if (state !== 'UNKNOWN') yield snapshot();
  return isTerminal(state);
}
