import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/runs/json.ts';
import type { WesClient } from '../../src/wes/client.ts';
import { ANY_FILE, shellTool } from '../support/cwl-samples.ts';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';
import { endOf, textOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const { missing } = await findCwltool();
/** Prints the file and what lies beside it. */
const SHOW = shellTool(
  '',
  { text: ANY_FILE('text') },
  {
    stdout: 'text',
    arguments: [{ position: 0, valueFrom: 'cat "$0"; ls -L `dirname "$0"`' }],
    inputs: { reads: { type: 'File', inputBinding: { position: 1 } }, more: 'File?' },
  },
);

function cwlRequest(params: JsonObject, parameters: Readonly<Record<string, string>> = {}) {
  const text = JSON.stringify({ cwlVersion: 'v1.2', ...SHOW });
  return {
    request: {
      ...{ workflow_type: 'CWL', workflow_type_version: 'v1.2', workflow_url: 'main.cwl' },
      workflow_params: params,
      workflow_engine_parameters: parameters,
    },
    attachments: new Map([['main.cwl', new Blob([text])]]),
  };
}

const fileAt = (location: string): JsonObject => ({ class: 'File', location });

describeWith('inputs by address, through wes up', missing, () => {
  let deployment: TestDeployment;
  let client: WesClient;
  let server: FileServer;

  beforeAll(async () => {
    server = await startFileServer();
    deployment = await TestDeployment.create({
      ENGINE_INSTALL_DIR: TEST_ENGINES,
      STAGING_MAX_FILE_SIZE: '100000',
    });
    client = clientFor(await addressOf(deployment.start(['up'])));
  });
  afterAll(async () => {
    await deployment.close();
    await server.close();
  });

  /** The last reason in the history. */
  async function reasonOf(runId: string): Promise<string> {
    return (await client.getHistory(runId)).history.at(-1)?.reason ?? '';
  }

  test('a CWL run gets its input from the web as a file of its own', async () => {
    server.serve('/data/my%20reads.fastq', { content: 'acgt\n', etag: '"1"' });
    const address = `${server.url}/data/my%20reads.fastq?token=secret`;
    const runId = await client.runWorkflow(cwlRequest({ reads: fileAt(address) }));
    const run = await endOf(client, runId);
    expect(run.state).toBe('COMPLETE');
    expect(
      await textOf(client, (run.outputs?.['text'] as { location: string }).location),
    ).toContain('acgt\n');
    expect(run.request?.workflow_params).toEqual({ reads: fileAt(address) });
    expect(server.asked('/data/my%20reads.fastq')).toBe(1);
    const log = await textOf(client, run.run_log?.stderr);
    expect(log).toContain(`fetching ${server.url}/data/my%20reads.fastq?…\n`);
    expect(log).toContain('my%20reads.fastq?…: 5 bytes\n');
    expect(log).not.toContain('secret');
    const { history } = await client.getHistory(runId);
    expect(history.map(({ reason }) => reason)).toContain(
      'engine started with 1 file fetched (5 bytes)',
    );
  });

  test('an input that is not there ends the run before its engine starts', async () => {
    const runId = await client.runWorkflow(cwlRequest({ reads: fileAt(`${server.url}/none`) }));
    const run = await endOf(client, runId);
    expect(run.state).toBe('SYSTEM_ERROR');
    const reason = `input workflow_params.reads.location: ${server.url}/none could not be fetched: answered 404 Not Found`;
    expect(await reasonOf(runId)).toBe(reason);
    expect(await textOf(client, run.run_log?.stderr)).toContain(reason);
    expect(await client.listTasks(runId)).toMatchObject({ items: [] });
  });

  test.each([
    ['a private address', 'http://127.0.0.2:1/x', '127.0.0.2 is a private or special address'],
    ['the metadata of the machine', 'http://169.254.169.254/x', 'is a private or special address'],
  ])('%s is not fetched', async (_name, address, reason) => {
    const runId = await client.runWorkflow(cwlRequest({ reads: fileAt(address) }));
    expect((await endOf(client, runId)).state).toBe('SYSTEM_ERROR');
    expect(await reasonOf(runId)).toContain(reason);
  });

  test('a file that is too large is not fetched', async () => {
    server.serve('/large', { content: Buffer.alloc(100_001) });
    const runId = await client.runWorkflow(cwlRequest({ reads: fileAt(`${server.url}/large`) }));
    expect((await endOf(client, runId)).state).toBe('SYSTEM_ERROR');
    expect(await reasonOf(runId)).toContain('larger than the 100000 bytes');
  });

  test('a cancelled run stops to fetch at once, and what it fetches is told meanwhile', async () => {
    let isClosed = false;
    server.serve('/slow', (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('acgt');
      response.once('close', () => (isClosed = true));
    });
    const runId = await client.runWorkflow(cwlRequest({ reads: fileAt(`${server.url}/slow`) }));
    const log = async () => textOf(client, (await client.getRunLog(runId)).run_log?.stderr);
    await until(async () => (await log().catch(() => '')).includes('fetching'), {
      timeoutMs: 20_000,
      message: 'the log did not tell of it',
    });
    expect((await client.getRunStatus(runId)).state).toBe('INITIALIZING');
    await client.cancelRun(runId);
    expect((await endOf(client, runId)).state).toBe('CANCELED');
    await until(() => isClosed);
  });

  test('a Directory by address, and schemes that nobody has, are refused at once', async () => {
    const submit = (reads: JsonObject, parameters?: Readonly<Record<string, string>>) =>
      client.runWorkflow(cwlRequest({ reads }, parameters));
    const directory = { class: 'Directory', location: `${server.url}/d/` };
    await expect(submit(directory)).rejects.toThrow(/can't be fetched; give its files/);
    await expect(submit(fileAt('gopher://x/y'))).rejects.toThrow(
      /scheme 'gopher' is not supported/,
    );
    await expect(submit(fileAt('x'), { stage: 'gopher' })).rejects.toThrow(
      /workflow_engine_parameters.stage: scheme 'gopher' is not fetched/,
    );
  });
});
