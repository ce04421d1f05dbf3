import { pausedMilliseconds } from '../runs/paused-time.ts';
import type { RunEvent } from '../runs/run.ts';
import { readServiceParameters } from '../runs/service-parameters.ts';
import { persist } from './persist.ts';
import type { RunContext } from './run-context.ts';

/** How long a run may take, and where that is said. */
interface Limit {
  readonly seconds: number;
  readonly source: string;
}

/** Counts the time in which a run's engine worked: from its start, less the time that it was PAUSED. */
export class TimeLimit {
  readonly #context: RunContext;
  readonly #limit: Limit | undefined;
  #usedMs: number;
  #lookedAt: number;

  private constructor(context: RunContext, limit: Limit | undefined, usedMs: number) {
    this.#context = context;
    this.#limit = limit;
    this.#usedMs = usedMs;
    this.#lookedAt = context.parts.monotonicNow();
  }

  /** With what earlier daemons saw of this attempt, which the history tells. */
  static async begin(context: RunContext): Promise<TimeLimit> {
    const limit = limitOf(context);
    const { parts, run } = context;
    const wasStarted = limit !== undefined && run.jobId !== undefined;
    if (!wasStarted) return new TimeLimit(context, limit, 0);
    const events = await persist(context, () => parts.store.listEvents(run.runId));
    return new TimeLimit(context, limit, workedMilliseconds(events, parts.now()));
  }

  /** To be called often. Says what was exceeded, and by whose order; undefined while there is time left. */
  exceeded(): string | undefined {
    const { active, parts } = this.#context;
    const now = parts.monotonicNow();
    if (active.state === 'RUNNING') this.#usedMs += now - this.#lookedAt;
    this.#lookedAt = now;
    if (!this.#limit || this.#usedMs < this.#limit.seconds * 1000) return undefined;
    const { seconds, source } = this.#limit;
    return `stopped after ${seconds} seconds, the longest it may take by ${source}`;
  }
}

function limitOf({ parts, run }: RunContext): Limit | undefined {
  const limits: Limit[] = [];
  const { timeoutSeconds } = readServiceParameters(run.request.workflowEngineParameters);
  const { runTimeoutSeconds } = parts.settings;
  if (timeoutSeconds !== undefined) {
    limits.push({ seconds: timeoutSeconds, source: 'its workflow_engine_parameters.timeout' });
  }
  if (runTimeoutSeconds !== undefined) {
    limits.push({ seconds: runTimeoutSeconds, source: 'RUN_TIMEOUT of this service' });
  }
  return limits.sort((a, b) => a.seconds - b.seconds)[0];
}

/** Since the latest start of an engine. */
function workedMilliseconds(events: readonly RunEvent[], now: number): number {
  const start = events.findLastIndex(({ from, to }) => from === 'INITIALIZING' && to === 'RUNNING');
  const begin = events[start];
  if (!begin) return 0;
  return Math.max(0, now - begin.at - pausedMilliseconds(events.slice(start), now));
}
