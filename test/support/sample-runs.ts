import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import type { NewRun, Run, RunRequest } from '../../src/runs/run.ts';
import type { LeasedWrite, RunStore } from '../../src/runs/run-store.ts';
import type { StoredState } from '../../src/runs/state.ts';

const SAMPLE_REQUEST: RunRequest = {
  workflowType: 'CWL',
  workflowTypeVersion: 'v1.2',
  workflowUrl: 'main.cwl',
};

/** A moment after all that a test makes with the clock. */
export const LATER = Date.UTC(2100, 0, 1);

/** A run ready to be created; what a test does not care about is filled in. */
export function newRun(
  fields: Partial<Omit<NewRun, 'request'>> & { readonly request?: Partial<RunRequest> } = {},
): NewRun {
  return {
    runId: v7(),
    owner: 'alice',
    engine: 'cwltool',
    attachments: [],
    createdAt: Date.now(),
    priority: 0,
    ...fields,
    request: { ...SAMPLE_REQUEST, ...fields.request },
  };
}

/** A name that no other test uses: of an engine for a queue of one's own, or of an owner. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}

/** Creates a run and claims it for a daemon of its own. */
export async function claimedRun(
  store: RunStore,
  fields: Parameters<typeof newRun>[0] = {},
): Promise<{ readonly run: Run; readonly lease: LeasedWrite }> {
  const engine = uniqueName('engine');
  await store.createRun(newRun({ ...fields, engine }));
  return claim(store, engine);
}

export async function claim(
  store: RunStore,
  engine: string,
  daemonId: string = randomUUID(),
): Promise<{ readonly run: Run; readonly lease: LeasedWrite }> {
  const run = await store.claimRun({
    daemonId,
    executor: 'local',
    at: Date.now(),
    engines: [{ engine, versions: ['1.0'] }],
  });
  if (!run) throw new Error('There was no run to claim.');
  return { run, lease: { runId: run.runId, daemonId, attempt: run.attempt } };
}

/** The moves by which a claimed run comes into a state. */
const WAYS: Readonly<Record<Exclude<StoredState, 'QUEUED'>, readonly StoredState[]>> = {
  INITIALIZING: [],
  RUNNING: ['RUNNING'],
  PAUSED: ['RUNNING', 'PAUSED'],
  COMPLETE: ['RUNNING', 'COMPLETE'],
  EXECUTOR_ERROR: ['RUNNING', 'EXECUTOR_ERROR'],
  SYSTEM_ERROR: ['SYSTEM_ERROR'],
  CANCELING: ['CANCELING'],
  CANCELED: ['CANCELING', 'CANCELED'],
  PREEMPTED: ['RUNNING', 'PREEMPTED'],
};

/** Creates a run and brings it into `state`. The lease is the one it was claimed with. */
export async function runIn(
  store: RunStore,
  state: Exclude<StoredState, 'QUEUED'>,
  fields: Parameters<typeof newRun>[0] = {},
): Promise<{ readonly run: Run; readonly lease: LeasedWrite }> {
  const claimed = await claimedRun(store, fields);
  for (const to of WAYS[state]) {
    const moved = await store.moveRun({ ...claimed.lease, to, at: Date.now(), reason: 'a test' });
    if (!moved) throw new Error(`The run did not move to ${to}.`);
  }
  return claimed;
}
