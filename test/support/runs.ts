import { isTerminal } from '../../src/runs/state.ts';
import type { WesClient } from '../../src/wes/client.ts';
import type { RunRecord } from '../../src/wes/reading.ts';
import { until } from './until.ts';

/** What the fake executor is to do; see `FakeWork`. */
export function submitFake(
  client: WesClient,
  work: Readonly<Record<string, unknown>>,
): Promise<string> {
  return client.runWorkflow({
    request: {
      workflow_type: 'FAKE',
      workflow_type_version: '1.0',
      workflow_url: 'https://example.org/workflow',
      workflow_params: { fake: work },
    },
  });
}

/** The run's log once it has ended, in whatever state. */
export async function endOf(
  client: WesClient,
  runId: string,
  timeoutMs = 60_000,
): Promise<RunRecord> {
  const isOver = async () => isTerminal((await client.getRunStatus(runId)).state);
  await until(isOver, { timeoutMs, message: `Run ${runId} did not end` });
  return await client.getRunLog(runId);
}

/** Resolves when the run is in the state. */
export async function reaches(client: WesClient, runId: string, state: string): Promise<void> {
  await until(async () => (await client.getRunStatus(runId)).state === state, {
    timeoutMs: 60_000,
    message: `Run ${runId} did not reach ${state}`,
  });
}

export async function textOf(client: WesClient, address: string | undefined): Promise<string> {
  if (address === undefined) return '';
  const { body } = await client.read(address);
  return await new Response(body).text();
}
