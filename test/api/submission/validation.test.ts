import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runToEnd } from '../../../src/cli/validation/run-to-end.ts';
import type { ApiDeps } from '../../../src/api/context.ts';
import { createEngineCatalog } from '../../../src/engines/catalog.ts';
import { offersOf } from '../../../src/engines/detect.ts';
import { createRunService } from '../../../src/runs/run-service.ts';
import {
  createRequestValidator,
  type StoppableValidator,
} from '../../../src/validation/request-validator.ts';
import { createTestApi, PREFIX, type TestApi, type TestResponse } from '../../support/api.ts';
import { shellTool } from '../../support/cwl-samples.ts';
import { findCwltool } from '../../support/engines.ts';
import { attachment, CWL_FIELDS, formBody } from '../../support/multipart.ts';
import { describeWith } from '../../support/suite.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';

// A process for each check, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000 });

const { engine, installation, missing } = await findCwltool();

/** Needs an input. */
const TOOL = JSON.stringify({ cwlVersion: 'v1.2', ...shellTool('true'), inputs: { count: 'int' } });

describeWith('a submission to an API that has the engine', missing, () => {
  let directory: string;
  let api: TestApi;
  let server: WarmServer | undefined;
  let validator: StoppableValidator | undefined;
  /** What can't be checked, as when it takes too long, is accepted. */
  let isChecking: boolean;

  function adapt(deps: ApiDeps): ApiDeps {
    if (installation === undefined) return deps;
    const installed = [{ engine, installations: [installation] }];
    const limits = { allowedFileRoots: [] };
    const localOffers = offersOf(installed);
    const catalog = createEngineCatalog({ engines: [engine], limits, localOffers });
    const real = createRequestValidator({
      ...{ installed: async () => installed, catalog, storage: deps.storage, runToEnd },
      warmServer: () => server?.address,
      concurrency: availableParallelism(),
      settings: {
        ...{ directory: join(directory, 'validation'), timeoutSeconds: 60 },
        ...{ searchPath: process.env.PATH ?? '', allowedFileRoots: [] },
      },
      logger: deps.logger,
    });
    validator = real;
    const { store } = deps;
    const runs = createRunService({
      ...{ store, catalog, allowedFileRoots: [], limits: { userMaxPriority: 0, maxQueuedRuns: 0 } },
      validator: {
        validate: (run) =>
          isChecking ? real.validate(run) : Promise.resolve({ kind: 'unknown', reason: 'busy' }),
      },
    });
    return { ...deps, catalog, runs };
  }

  beforeEach(async () => {
    isChecking = true;
    directory = mkdtempSync(join(tmpdir(), 'wes-validation-api-'));
    if (installation) server ??= await startWarmServer(engine, installation);
    api = await createTestApi({ adapt });
  }, 60_000);
  afterEach(async () => {
    await api.close();
    await validator?.stop();
    rmSync(directory, { recursive: true });
  });
  afterAll(() => server?.stop());

  function submit(
    document: string,
    params: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TestResponse> {
    const fields = [...CWL_FIELDS, { name: 'workflow_params', value: params }];
    const body = formBody([attachment('main.cwl', document), ...fields, attachment('x', 'y')]);
    const all = { ...body.headers, ...headers };
    return api.request({ method: 'POST', url: `${PREFIX}/runs`, ...body, headers: all });
  }

  const nothingStays = async (): Promise<void> => {
    expect(await api.storedKeys()).toEqual([]);
    expect((await api.get('/runs')).body.runs).toEqual([]);
    expect(api.changes).toEqual([]);
  };

  test('is accepted when document and inputs are right', async () => {
    expect((await submit(TOOL, '{"count": 1}')).status).toBe(200);
    expect(await api.storedKeys()).toHaveLength(2);
    expect(api.logs.map(({ msg }) => msg)).not.toContain('request not validated');
  });

  test('is refused in the engine’s words when the document is wrong, and nothing stays', async () => {
    const response = await submit(TOOL.replace('"outputs"', '"outputz"'), '{"count": 1}');
    expect(response).toMatchObject({ status: 400, body: { status_code: 400 } });
    expect(response.body.msg).toMatch(
      /^workflow_url: cwltool refuses the workflow: Tool definition/,
    );
    expect(response.body.msg).toMatch(/main\.cwl:1:1: "outputs" section is not valid/);
    expect(response.body.msg).not.toContain(directory);
    await nothingStays();
  });

  test('is refused in the engine’s words when an input is missing, and nothing stays', async () => {
    const { status, body } = await submit(TOOL, '{}');
    expect(status).toBe(400);
    expect(body.msg).toMatch(/^workflow_params: cwltool refuses the inputs: .*'count'/s);
    await nothingStays();
  });

  test('that was accepted once is accepted when it is repeated with its key', async () => {
    const key = { 'idempotency-key': 'one' };
    isChecking = false;
    const first = await submit(TOOL, '{}', key);
    expect(first.status).toBe(200);
    isChecking = true;
    expect((await submit(TOOL, '{}', key)).body).toEqual(first.body);
    expect((await submit(TOOL, '{"count": "x"}', key)).status).toBe(422);
    expect((await submit(TOOL, '{}', { 'idempotency-key': 'two' })).status).toBe(400);
    expect(await api.storedKeys()).toHaveLength(2);
  });

  test('repeats a run only when that could run', async () => {
    isChecking = false;
    const { body } = await submit(TOOL, '{}');
    isChecking = true;
    const url = `${PREFIX}/runs/${body.run_id}/rerun`;
    const again = await api.request({ method: 'POST', url });
    expect(again).toMatchObject({ status: 400 });
    expect(again.body.msg).toContain("'count'");
    expect(await api.storedKeys()).toHaveLength(2);
  });
});
