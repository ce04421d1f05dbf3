import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal } from '../../runs/state.ts';
import { isTransient } from '../../wes/client-error.ts';
import { eachPage, type WesClient } from '../../wes/client.ts';
import type { RunState } from '../../wes/reading.ts';
import type { TaskLog } from '../../wes/run-log.ts';

export interface RunSnapshot {
  readonly run: RunState;
  readonly tasks: readonly TaskLog[];
}

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
const TASK_PAGE_SIZE = 1000;

/** A run and its tasks again and again, the last time in a state that it never leaves. */
export async function* followRun(
  client: WesClient,
  runId: string,
  options: FollowOptions,
): AsyncGenerator<RunSnapshot, void, undefined> {
  const beganAt = performance.now();
  let silentSince: number | undefined;
  for (;;) {
    const askedAt = performance.now();
    try {
      const snapshot = await readSnapshot(client, runId, options.withTasks ?? true);
      silentSince = undefined;
      yield snapshot;
      if (isTerminal(snapshot.run.state)) return;
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

/** The state first: tasks that are read after the end are all of them. */
async function readSnapshot(
  client: WesClient,
  runId: string,
  withTasks: boolean,
): Promise<RunSnapshot> {
  const run = await client.getRunStatus(runId);
  return { run, tasks: withTasks ? await allTasks(client, runId) : [] };
}

export async function allTasks(client: WesClient, runId: string): Promise<readonly TaskLog[]> {
  const pages = eachPage((pageToken) =>
    client.listTasks(runId, { pageSize: TASK_PAGE_SIZE, pageToken }),
  );
  const tasks: TaskLog[] = [];
  for await (const page of pages) tasks.push(...page);
  return tasks;
}
