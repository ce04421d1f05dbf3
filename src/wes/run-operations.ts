import { WesClientError } from './client-error.ts';
import { readHistory, readQueuePosition, readRunId } from './reading.ts';
import type { RunHistory } from './run-history.ts';
import type { Transport } from './transport.ts';

/** What this service adds to the standard's operations on a run. */
export interface RunOperations {
  pauseRun(runId: string): Promise<void>;
  resumeRun(runId: string): Promise<void>;
  /** Submits the run's request again; gives the id of the new run. */
  rerun(runId: string, idempotencyKey?: string): Promise<string>;
  removeRun(runId: string): Promise<void>;
  getHistory(runId: string): Promise<RunHistory>;
  /** Of a run that is QUEUED; undefined of another, and where a server tells none. */
  getQueuePosition(runId: string): Promise<string | undefined>;
}

/** What servers answer to an operation that they do not have. */
export const NO_SUCH_OPERATION = [400, 404, 405, 501];

/** `run` gives the address of a run, or of what is below it. */
export function createRunOperations(
  run: (runId: string, ...rest: readonly string[]) => URL,
  transport: Transport,
): RunOperations {
  return {
    pauseRun: (runId) => order(run(runId, 'pause'), 'POST', transport),
    resumeRun: (runId) => order(run(runId, 'resume'), 'POST', transport),
    rerun: async (runId, key) => {
      const headers = keyHeader(key);
      return newRunId(await transport.json(run(runId, 'rerun'), { method: 'POST', headers }));
    },
    removeRun: (runId) => order(run(runId), 'DELETE', transport),
    getHistory: async (runId) => readHistory(await transport.json(run(runId, 'history')), runId),
    getQueuePosition: (runId) => queuePosition(run(runId, 'queue'), transport),
  };
}

/** The id that an answer gives to a new run. @throws WesClientError when it gives none */
export function newRunId(answer: unknown): string {
  const runId = readRunId(answer);
  if (runId !== undefined) return runId;
  throw new WesClientError('server_error', 'The server took the workflow but gave no run id');
}

export function keyHeader(key: string | undefined): Readonly<Record<string, string>> {
  return key === undefined ? {} : { 'idempotency-key': key };
}

export async function order(
  url: URL,
  method: 'POST' | 'DELETE',
  transport: Transport,
): Promise<void> {
  const response = await transport.send(url, { method });
  await response.body?.cancel();
}

async function queuePosition(url: URL, transport: Transport): Promise<string | undefined> {
  const response = await transport.send(url, { expects: NO_SUCH_OPERATION });
  const answer: unknown = await response.json().catch(() => undefined);
  return response.ok ? readQueuePosition(answer) : undefined;
}
