import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import type { JsonObject } from '../../src/runs/json.ts';
import type { WesClient } from '../../src/wes/client.ts';
import { startCountingServer, type CountingServer } from '../support/counting-server.ts';
import { shellTool } from '../support/cwl-samples.ts';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { endOf } from '../support/runs.ts';
import {
  addressOf,
  clientFor,
  TestDeployment,
  untilPrinted,
  type ServerProcess,
} from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const { missing } = await findCwltool();
const LONG = '60';
const counting = { ...shellTool('true'), inputs: { count: 'int' } };

function submit(
  client: WesClient,
  tool: JsonObject | string,
  params: JsonObject = {},
): Promise<string> {
  const text = typeof tool === 'string' ? tool : JSON.stringify({ cwlVersion: 'v1.2', ...tool });
  return client.runWorkflow({
    request: {
      ...{ workflow_type: 'CWL', workflow_type_version: 'v1.2', workflow_url: 'main.cwl' },
      workflow_params: params,
    },
    attachments: new Map([['main.cwl', new Blob([text])]]),
  });
}

/** A document that cwltool never comes to the end of. */
function endlessDocument(): string {
  const level = (number: number): string =>
    `  l${number}: &l${number} [${Array(10)
      .fill(`*l${number - 1}`)
      .join(', ')}]`;
  const levels = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(level);
  return ['cwlVersion: v1.2', 'class: CommandLineTool', 'doc:', '  l0: &l0 [x]', ...levels].join(
    '\n',
  );
}

describeWith('validation by wes up', missing, () => {
  let deployment: TestDeployment;
  let address: string;
  let client: WesClient;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'wes-validation-'));
    const settings = { ENGINE_INSTALL_DIR: TEST_ENGINES, VALIDATION_TIMEOUT: LONG };
    deployment = await TestDeployment.create(settings);
    address = await addressOf(deployment.start(['up']));
    client = clientFor(address);
  });
  afterAll(async () => {
    await deployment.close();
    rmSync(directory, { recursive: true });
  });

  /** Those that the API keeps loaded, not the daemon. */
  const forkServers = (): readonly number[] =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => commandOf(pid).some((word) => word.endsWith('fork_server.py')))
      .filter((pid) => isApi(parentOf(pid)));
  const isApi = (pid: number): boolean =>
    commandOf(pid).includes('serve') && environmentOf(pid).includes(deployment.directory);

  test('what can’t run is refused by the command line with the engine’s words, and leaves nothing', async () => {
    const document = join(directory, 'main.cwl');
    writeFileSync(document, JSON.stringify({ cwlVersion: 'v1.2', ...counting, outputz: {} }));
    const args = ['submit', document, '--server', address];
    const { code, stderr } = await deployment.run(args);
    expect(code).toBe(EXIT.refused);
    expect(stderr).toMatch(/workflow_url: cwltool refuses the workflow: .*outputz/s);
    await expect(submit(client, counting)).rejects.toThrow(/workflow_params: .*'count'/s);
    const runs = join(deployment.directory, 'data', 'storage', 'objects', 'runs');
    expect(existsSync(runs) ? readdirSync(runs) : []).toEqual([]);
    expect((await client.listRuns()).items).toEqual([]);
  });

  test('what is right runs, also when the server of the checks was killed', async () => {
    const runId = await submit(client, counting, { count: 1 });
    expect((await endOf(client, runId)).state).toBe('COMPLETE');
    const server = await until(() => forkServers().at(0), { timeoutMs: 30_000 });
    process.kill(server, 'SIGKILL');
    await expect(submit(client, counting)).rejects.toThrow(/'count'/);
    await submit(client, counting, { count: 2 });
  });
});

describeWith('validation by wes serve', missing, () => {
  let deployment: TestDeployment;
  let web: CountingServer | undefined;
  afterEach(async () => {
    await deployment.close();
    await web?.close();
    web = undefined;
  });

  let api: ServerProcess;

  async function serve(settings: Readonly<Record<string, string>>): Promise<WesClient> {
    const all = { ENGINE_INSTALL_DIR: TEST_ENGINES, LOG_LEVEL: 'info', ...settings };
    deployment = await TestDeployment.create(all);
    await deployment.run(['migrate']);
    api = deployment.start(['serve']);
    return clientFor(await addressOf(api));
  }

  test('fetches nothing of the web: what lies there is accepted', async () => {
    const client = await serve({ VALIDATION_TIMEOUT: LONG });
    web = await startCountingServer();
    const step = { one: { in: {}, out: [], run: `${web.address}/tool.cwl` } };
    await submit(client, { class: 'Workflow', inputs: {}, outputs: {}, steps: step });
    await client.runWorkflow({
      request: {
        ...{ workflow_type: 'CWL', workflow_type_version: 'v1.2' },
        workflow_url: `${web.address}/main.cwl`,
      },
    });
    expect(web.requests).toEqual([]);
    expect((await client.listRuns()).items).toHaveLength(2);
  });

  test('accepts what takes too long, and says so in its log', async () => {
    const settings = { VALIDATION_TIMEOUT: '0.1', WARM_ENGINES: 'false' };
    const client = await serve(settings);
    await submit(client, counting);
    expect((await client.listRuns()).items).toHaveLength(1);
    await untilPrinted(api, 'request not validated');
    expect(api.stderr()).toContain('it took too long');
  });

  test('accepts everything where it is told to', async () => {
    const client = await serve({ VALIDATE_REQUESTS: 'false' });
    await submit(client, counting);
    expect((await client.listRuns()).items).toHaveLength(1);
  });

  test('a check ends by itself when its API was killed, and the next API removes what it left', async () => {
    const client = await serve({ VALIDATION_TIMEOUT: '6' });
    const places = join(deployment.directory, 'data', 'validation');
    const answer = submit(client, endlessDocument()).catch(() => undefined);
    const checks = () => deployment.processes('validate');
    await until(async () => (await checks()).length > 0, { timeoutMs: 30_000 });
    api.signal('SIGKILL');
    await answer;
    expect(readdirSync(places)).toHaveLength(1);
    await until(async () => (await checks()).length === 0, { timeoutMs: 30_000 });
    const next = deployment.start(['serve']);
    await untilPrinted(next, 'The API listens');
    expect(readdirSync(places)).toEqual([]);
  });
});

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it ended
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return ''; // it ended
  }
}

function parentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  } catch {
    return 0; // it ended
  }
}
