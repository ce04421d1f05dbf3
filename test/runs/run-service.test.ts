import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { v7 as newRunId } from 'uuid';
import { createRunService, type Submission } from '../../src/runs/run-service.ts';
import { createTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi();
});
afterEach(() => api.close());

function service(allowedFileRoots: readonly string[] = []) {
  return createRunService({
    store: api.store,
    catalog: api.deps.catalog,
    allowedFileRoots,
    now: () => 1234,
  });
}

function submission(changes: Partial<Submission> = {}): Submission {
  return {
    runId: newRunId(),
    owner: 'alice',
    request: { workflowType: 'cwl', workflowTypeVersion: '1.2', workflowUrl: 'main.cwl' },
    attachments: [{ name: 'main.cwl', sizeBytes: 1, sha256: 'aa'.repeat(32) }],
    ...changes,
  };
}

const alice = { name: 'alice', mayManage: (run: { owner: string }) => run.owner === 'alice' };
const bob = { name: 'bob', mayManage: (run: { owner: string }) => run.owner === 'bob' };

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
    expect(await service(['/data']).submit(asked)).toMatchObject({ created: true });
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
    const racing = createRunService({ store, catalog: api.deps.catalog, allowedFileRoots: [] });
    await expect(racing.cancel(runId, alice)).rejects.toMatchObject({ code: 'run_not_found' });
  });
});
