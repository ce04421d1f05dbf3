import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal } from '../../runs/state.ts';
import { isTransient } from '../../wes/client-error.ts';
import type { WesClient } from '../../wes/client.ts';
import { snapshotsOf, type RunSnapshot } from './run-changes.ts';
import { TaskPages } from './task-pages.ts';

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** False to read the state alone, which is cheaper. */
  readonly withTasks?: boolean;
  /** Told once each time that the server stops answering; asking goes on for a while. */
  readonly onSilence?: (error: unknown) => void;
  /** How long a server may give no answer before that is an error, in ms; a minute by default. */
  readonly patienceMs?: number;
}

const SHORTEST_INTERVAL_MS = 200;
const LONGEST_INTERVAL_MS = 2000;
const PATIENCE_MS = 60_000;

/**
 * A run and its tasks as they change, the last time in a state that it never leaves: as the server tells of
 * them, and where it can't by asking again and again.
 */
export async function* followRun(
  client: WesClient,
  runId: string,
  options: FollowOptions,
): AsyncGenerator<RunSnapshot, void, undefined> {
  const events = await client.events(runId, options).catch((error: unknown) => {
    if (!isTransient(error)) throw error;
    return undefined;
  });
  if (events !== undefined) {
    try {
      if (yield* snapshotsOf(runId, events, options.signal)) return;
    } finally {
      // Not waited for: it may be waiting itself, for an event that does not come.
      void events.return().catch(() => undefined);
    }
  }
  yield* askInTurn(client, runId, options);
}

async function* askInTurn(
  client: WesClient,
  runId: string,
  options: FollowOptions,
): AsyncGenerator<RunSnapshot, void, undefined> {
  const beganAt = performance.now();
  const pages = new TaskPages(client, runId);
  const withTasks = options.withTasks ?? true;
  let lastState: string | undefined;
  let silentSince: number | undefined;
  for (;;) {
    const askedAt = performance.now();
    try {
      // The state first: tasks that are read after the end are all of them.
      const run = await client.getRunStatus(runId);
      // Another attempt begins tasks anew; and what is said of the end is what the server says then.
      if (run.state !== lastState) pages.forget();
      const tasks = withTasks ? await pages.read() : [];
      lastState = run.state;
      silentSince = undefined;
      yield { run, tasks };
      if (isTerminal(run.state)) return;
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (silentSince === undefined) options.onSilence?.(error);
      silentSince ??= askedAt;
      if (performance.now() - silentSince > (options.patienceMs ?? PATIENCE_MS)) throw error;
    }
    const now = performance.now();
    await delay(interval(now - beganAt, now - askedAt), undefined, { signal: options.signal });
  }
}

/** Seldom for long runs, and never so often that a slow server does nothing else. */
function interval(sinceBeginMs: number, answerMs: number): number {
  const relaxed = Math.min(LONGEST_INTERVAL_MS, SHORTEST_INTERVAL_MS + sinceBeginMs / 20);
  return Math.max(relaxed, answerMs * 4);
}
