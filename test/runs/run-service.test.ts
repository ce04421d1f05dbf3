import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { v7 as newRunId } from 'uuid';
import type { Caller } from '../../src/runs/caller.ts';
import { createRunService, type RunServiceDeps } from '../../src/runs/run-service.ts';
import type { SubmissionLimits } from '../../src/runs/submission-limits.ts';
import type { Submission } from '../../src/runs/submit-run.ts';
import type { StoredState } from '../../src/runs/state.ts';
import { createTestApi, type TestApi } from '../support/api.ts';
import { runIn } from '../support/sample-runs.ts';

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi();
});
afterEach(() => api.close());

const LIMITS: SubmissionLimits = { userMaxPriority: 0, maxQueuedRuns: 0 };

function service(changes: Partial<RunServiceDeps> = {}) {
  return createRunService({
    store: api.store,
    catalog: api.deps.catalog,
    allowedFileRoots: [],
    limits: LIMITS,
    now: () => 1234,
    ...changes,
  });
}

function user(name: string, isAdmin = false): Caller {
  return { name, isAdmin, mayManage: (run) => isAdmin || run.owner === name };
}

function submission(changes: Partial<Submission> = {}): Submission {
  return {
    runId: newRunId(),
    caller: alice,
    request: { workflowType: 'cwl', workflowTypeVersion: '1.2', workflowUrl: 'main.cwl' },
    attachments: [{ name: 'main.cwl', sizeBytes: 1, sha256: 'aa'.repeat(32) }],
    ...changes,
  };
}

const alice = user('alice');
const bob = user('bob');
const root = user('root', true);

describe('a submission', () => {
  it('is written as a run with the chosen engine and the request as the service writes it', async () => {
    const asked = submission();
    expect(await service().submit(asked)).toEqual({ runId: asked.runId, created: true });
    expect(await api.store.getRun(asked.runId)).toMatchObject({
      owner: 'alice',
      state: 'QUEUED',
      engine: 'cwltool',
      createdAt: 1234,
      request: { workflowType: 'CWL', workflowTypeVersion: 'v1.2' },
    });
  });

  it('whose workflow is not there is refused', async () => {
    await expect(service().submit(submission({ attachments: [] }))).rejects.toThrow('workflow_url');
  });

  it('may name a file below an allowed directory', async () => {
    const request = { ...submission().request, workflowUrl: 'file:///data/main.cwl' };
    const asked = submission({ request, attachments: [] });
    await expect(service().submit(asked)).rejects.toThrow("scheme 'file'");
    expect(await service({ allowedFileRoots: ['/data'] }).submit(asked)).toMatchObject({
      created: true,
    });
  });

  it('is the same one when it comes again with its key, whoever chose the engine', async () => {
    const first = await service().submit(submission({ idempotencyKey: 'k' }));
    const again = await service().submit(submission({ idempotencyKey: 'k' }));
    expect(again).toEqual({ runId: first.runId, created: false });
  });

  it('is refused when its key was used for another', async () => {
    const { runId } = await service().submit(submission({ idempotencyKey: 'k' }));
    const request = { ...submission().request, tags: { a: 'b' } };
    await expect(
      service().submit(submission({ idempotencyKey: 'k', request })),
    ).rejects.toMatchObject({
      code: 'idempotency_conflict',
      message: expect.stringContaining(runId),
    });
  });
});

describe('the priority of a submission', () => {
  const withPriority = (priority: string, caller = alice) =>
    submission({
      caller,
      request: { ...submission().request, workflowEngineParameters: { priority } },
    });

  async function stored(asked: Submission, limits = LIMITS) {
    await service({ limits }).submit(asked);
    const run = await api.store.getRun(asked.runId);
    return { priority: run?.priority, parameters: run?.request.workflowEngineParameters };
  }

  it('is 0 when none is asked for', async () => {
    expect(await stored(submission())).toEqual({ priority: 0, parameters: undefined });
  });

  it('is what was asked for, and is read back as it was sent', async () => {
    const expected = { priority: -10, parameters: { priority: '-10' } };
    expect(await stored(withPriority('-10'))).toEqual(expected);
  });

  it('may be as high as the limit for users, and for admins as high as there is', async () => {
    const limits = { ...LIMITS, userMaxPriority: 3 };
    expect(await stored(withPriority('3'), limits)).toMatchObject({ priority: 3 });
    expect(await stored(withPriority('10', root))).toMatchObject({ priority: 10 });
    const message =
      'workflow_engine_parameters.priority: 4 is for admins only; you may ask for -10 to 3';
    await expect(stored(withPriority('4'), limits)).rejects.toMatchObject({
      code: 'forbidden',
      message,
    });
  });

  it('outside the range is invalid, whoever asks', async () => {
    for (const caller of [alice, root]) {
      const asked = service().submit(withPriority('11', caller));
      await expect(asked).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
});

describe('the quota of an owner', () => {
  const limits = { ...LIMITS, maxQueuedRuns: 2 };

  it('holds for all users, admins included, and for each on their own', async () => {
    for (const caller of [alice, root]) {
      for (let count = 0; count < 2; count += 1) {
        await service({ limits }).submit(submission({ caller }));
      }
      const refused = submission({ caller });
      await expect(service({ limits }).submit(refused)).rejects.toMatchObject({
        code: 'quota_exceeded',
        message: expect.stringContaining('2'),
      });
      expect(await api.store.getRun(refused.runId)).toBeUndefined();
    }
    expect(await service({ limits }).submit(submission({ caller: bob }))).toMatchObject({
      created: true,
    });
  });

  it('counts what waits only', async () => {
    const first = await service({ limits }).submit(submission());
    await service({ limits }).submit(submission());
    await service().cancel(first.runId, alice);
    expect(await service({ limits }).submit(submission())).toMatchObject({ created: true });
  });

  it('is no reason to refuse the repetition of a submission that was accepted', async () => {
    const once = { ...LIMITS, maxQueuedRuns: 1 };
    const { runId } = await service({ limits: once }).submit(submission({ idempotencyKey: 'k' }));
    const again = await service({ limits: once }).submit(submission({ idempotencyKey: 'k' }));
    expect(again).toEqual({ runId, created: false });
  });
});

describe('a rerun', () => {
  it('is stored with the run that it repeats', async () => {
    const { runId } = await service().submit(submission());
    const again = await service().submit(submission({ rerunOf: runId }));
    expect(await api.store.getRun(again.runId)).toMatchObject({ rerunOf: runId });
    expect((await api.store.getRun(runId))?.rerunOf).toBeUndefined();
  });

  it('does not share its key with a submission of the same content', async () => {
    const { runId } = await service().submit(submission({ idempotencyKey: 'k' }));
    await expect(
      service().submit(submission({ idempotencyKey: 'k', rerunOf: runId })),
    ).rejects.toMatchObject({ code: 'idempotency_conflict' });
  });
});

describe('a cancel', () => {
  it('is written into the history of the run', async () => {
    const { runId } = await service().submit(submission());
    await service().cancel(runId, alice);
    expect(await api.store.getRun(runId)).toMatchObject({ state: 'CANCELED', endedAt: 1234 });
    expect((await api.store.listEvents(runId)).at(-1)).toMatchObject({ actor: 'user:alice' });
  });

  it('of a run of somebody else is as one of a run that is not there', async () => {
    const { runId } = await service().submit(submission());
    const none = newRunId();
    for (const id of [runId, none]) {
      await expect(service().cancel(id, bob)).rejects.toMatchObject({
        code: 'run_not_found',
        message: `run ${id} was not found`,
      });
    }
    expect((await api.store.getRun(runId))?.state).toBe('QUEUED');
  });

  it('of a run that vanished in between is not found', async () => {
    const { runId } = await service().submit(submission());
    const store = { ...api.store, requestCancel: async () => undefined };
    await expect(service({ store }).cancel(runId, alice)).rejects.toMatchObject({
      code: 'run_not_found',
    });
  });
});

describe('pausing', () => {
  it('is written as a wish into the record and the history of the run', async () => {
    const { run } = await runIn(api.store, 'RUNNING', { owner: 'alice' });
    await service().setPaused(run.runId, true, alice);
    expect(await api.store.getRun(run.runId)).toMatchObject({
      state: 'RUNNING',
      pauseRequested: true,
    });
    expect((await api.store.listEvents(run.runId)).at(-1)).toMatchObject({ actor: 'user:alice' });
    await service().setPaused(run.runId, false, root);
    expect(await api.store.getRun(run.runId)).toMatchObject({ pauseRequested: false });
    expect((await api.store.listEvents(run.runId)).at(-1)).toMatchObject({ actor: 'user:root' });
  });

  it('what is to be paused already, or running, leaves no further line', async () => {
    const { run } = await runIn(api.store, 'RUNNING', { owner: 'alice' });
    await service().setPaused(run.runId, false, alice);
    await service().setPaused(run.runId, true, alice);
    const { length } = await api.store.listEvents(run.runId);
    await service().setPaused(run.runId, true, alice);
    expect(await api.store.listEvents(run.runId)).toHaveLength(length);
  });

  it.each<[Exclude<StoredState, 'QUEUED'>, string]>([
    ['INITIALIZING', 'wait until its engine was started, or cancel it'],
    ['CANCELING', 'it is being stopped for good'],
    ['COMPLETE', 'rerun it to execute it again'],
    ['SYSTEM_ERROR', 'rerun it to execute it again'],
  ])('and resuming a run that is %s is refused, with what can be done', async (state, remedy) => {
    const { run } = await runIn(api.store, state, { owner: 'alice' });
    for (const [isPaused, what] of [
      [true, 'paused: only a run that is RUNNING can'],
      [false, 'resumed: only a run that is PAUSED can'],
    ] as const) {
      await expect(service().setPaused(run.runId, isPaused, alice)).rejects.toMatchObject({
        code: 'wrong_state',
        message: `run ${run.runId} is ${state} and can't be ${what}; ${remedy}`,
      });
    }
    expect(await api.store.getRun(run.runId)).toMatchObject({ state, pauseRequested: false });
  });
});

describe('removing', () => {
  it('a run that ended leaves nothing of it in the database', async () => {
    const { run } = await runIn(api.store, 'COMPLETE', { owner: 'alice' });
    await service().remove(run.runId, alice);
    expect(await api.store.getRun(run.runId)).toBeUndefined();
    expect(await api.store.listEvents(run.runId)).toEqual([]);
    await expect(service().remove(run.runId, alice)).rejects.toMatchObject({
      code: 'run_not_found',
    });
  });

  it.each<[Exclude<StoredState, 'QUEUED'>, string]>([
    ['RUNNING', 'cancel it first, and wait until it is CANCELED'],
    ['PAUSED', 'cancel it first, and wait until it is CANCELED'],
    ['CANCELING', 'wait until it is CANCELED'],
  ])('a run that is %s is refused, with what can be done', async (state, remedy) => {
    const { run } = await runIn(api.store, state, { owner: 'alice' });
    await expect(service().remove(run.runId, alice)).rejects.toMatchObject({
      code: 'wrong_state',
      message: `run ${run.runId} is ${state} and can't be removed: only a run that ended can; ${remedy}`,
    });
    expect(await api.store.getRun(run.runId)).toMatchObject({ state });
  });
});

it('whatever is done to a run of somebody else is as to one that is not there', async () => {
  const { run } = await runIn(api.store, 'RUNNING', { owner: 'alice' });
  for (const runId of [run.runId, newRunId()]) {
    const expected = { code: 'run_not_found', message: `run ${runId} was not found` };
    await expect(service().setPaused(runId, true, bob)).rejects.toMatchObject(expected);
    await expect(service().remove(runId, bob)).rejects.toMatchObject(expected);
  }
  expect(await api.store.getRun(run.runId)).toMatchObject({ pauseRequested: false });
});
