import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/runs/json.ts';
import type { WesClient } from '../../src/wes/client.ts';
import { ANY_FILE, shellTool } from '../support/cwl-samples.ts';
import { findCwltool, findEngine, TEST_ENGINES } from '../support/engines.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';
import { endOf, textOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const { missing } = await findCwltool();
const miniwdl = await findEngine('miniwdl');
const nextflow = await findEngine('nextflow');
const toil = await findEngine('toil');
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

const CACHED = 'acgt'.repeat(1000);
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
      await textOf(client, (run.outputs?.['text'] as { location?: string } | undefined)?.location),
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

  test('a second run gets the same version from the cache', async () => {
    server.serve('/cached', { content: CACHED, etag: '"1"' });
    for (const from of ['', ', 1 from the cache']) {
      const params = { reads: fileAt(`${server.url}/cached`) };
      const runId = await client.runWorkflow(cwlRequest(params));
      expect((await endOf(client, runId)).state).toBe('COMPLETE');
      const { history } = await client.getHistory(runId);
      expect(history.map(({ reason }) => reason)).toContain(
        `engine started with 1 file fetched (${CACHED.length} bytes${from})`,
      );
    }
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

  test('a workflow at an address that can not be had ends the run, one that can is read by the engine', async () => {
    const { request } = cwlRequest({ text: 'x' });
    const submit = (url: string) =>
      client.runWorkflow({ request: { ...request, workflow_url: `${server.url}${url}` } });
    server.serve('/w/main.cwl', {
      content: JSON.stringify({
        ...{ cwlVersion: 'v1.2', class: 'Workflow', outputs: { out: 'File' } },
        inputs: { text: 'string' },
        steps: { show: { run: 'tool.cwl', in: {}, out: ['text'] } },
        outputs: { out: { type: 'File', outputSource: 'show/text' } },
      }),
    });
    const tool = shellTool('echo imported', { text: ANY_FILE('text') }, { stdout: 'text' });
    server.serve('/w/tool.cwl', { content: JSON.stringify({ cwlVersion: 'v1.2', ...tool }) });
    expect((await endOf(client, await submit('/w/main.cwl'))).state).toBe('COMPLETE');
    const runId = await submit('/w/none.cwl');
    expect((await endOf(client, runId)).state).toBe('SYSTEM_ERROR');
    expect(await reasonOf(runId)).toBe(
      `workflow_url: ${server.url}/w/none.cwl could not be fetched: answered 404 Not Found`,
    );
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

const WDL = `version 1.0
workflow show {
  input { Array[File] reads  String text }
  call print { input: reads = reads, text = text }
  output { Array[String] lines = print.lines }
}
task print {
  input { Array[File] reads  String text }
  command <<< cat ~{sep=" " reads}; echo "~{text}" >>>
  output { Array[String] lines = read_lines(stdout()) }
}
`;

describeWith('inputs of WDL by address', miniwdl.missing, () => {
  let deployment: TestDeployment;
  let client: WesClient;
  let server: FileServer;

  beforeAll(async () => {
    server = await startFileServer();
    deployment = await TestDeployment.create({ ENGINE_INSTALL_DIR: TEST_ENGINES });
    client = clientFor(await addressOf(deployment.start(['up'])));
  });
  afterAll(async () => {
    await deployment.close();
    await server.close();
  });

  async function run(reads: readonly string[], url = 'main.wdl') {
    const text = `${server.url}/text`;
    const runId = await client.runWorkflow({
      request: {
        ...{ workflow_type: 'WDL', workflow_type_version: '1.0', workflow_url: url },
        workflow_params: { 'show.reads': [...reads], 'show.text': text },
      },
      ...(url === 'main.wdl' && { attachments: new Map([['main.wdl', new Blob([WDL])]]) }),
    });
    return await endOf(client, runId);
  }

  test('files are fetched, texts stay as they are', async () => {
    server.serve('/a/x', { content: 'a\n', etag: '"a"' });
    server.serve('/b/x', { content: 'b\n', etag: '"b"' });
    const { state, outputs } = await run([`${server.url}/a/x`, `${server.url}/b/x`]);
    expect(state).toBe('COMPLETE');
    expect(outputs).toEqual({ 'show.lines': ['a', 'b', `${server.url}/text`] });
    expect(server.asked('/text')).toBe(0);
    expect(server.asked('/a/x')).toBe(1);
  });

  test('also where the workflow is at an address', async () => {
    server.serve('/main.wdl', { content: WDL });
    server.serve('/c/x', { content: 'c\n' });
    const { state } = await run([`${server.url}/c/x`], `${server.url}/main.wdl`);
    expect(state).toBe('COMPLETE');
    expect(server.asked('/c/x')).toBe(1);
  });

  test('one that is not there ends the run', async () => {
    const { run_id, state } = await run([`${server.url}/a/x`, `${server.url}/none`]);
    expect(state).toBe('SYSTEM_ERROR');
    const { history } = await client.getHistory(run_id ?? '');
    expect(history.at(-1)?.reason).toContain('input workflow_params.show.reads[1]: ');
  });
});

describeWith('inputs of Nextflow by address', nextflow.missing, () => {
  let deployment: TestDeployment;
  let server: FileServer;
  beforeAll(async () => {
    server = await startFileServer();
    deployment = await TestDeployment.create({ ENGINE_INSTALL_DIR: TEST_ENGINES });
  });
  afterAll(async () => {
    await deployment.close();
    await server.close();
  });

  test('are fetched from the web where the run asks for it', async () => {
    const client = clientFor(await addressOf(deployment.start(['up'])));
    server.serve('/x.txt', { content: 'from the web' });
    const script = 'workflow { println "IS ${params.text} ${file(params.text).text}" }';
    const runId = await client.runWorkflow({
      request: {
        ...{ workflow_type: 'NFL', workflow_type_version: 'DSL2', workflow_url: 'main.nf' },
        workflow_params: { text: `${server.url}/x.txt` },
        workflow_engine_parameters: { stage: 'http' },
      },
      attachments: new Map([['main.nf', new Blob([script])]]),
    });
    const { state, run_log } = await endOf(client, runId);
    expect(state).toBe('COMPLETE');
    expect(await textOf(client, run_log?.stdout)).toMatch(/IS \/\S*x\.txt from the web/);
    expect(server.requests).toHaveLength(1);
  });
});

describeWith('inputs of Toil by address', toil.missing, () => {
  let deployment: TestDeployment;
  let server: FileServer;
  beforeAll(async () => {
    server = await startFileServer();
    deployment = await TestDeployment.create({ ENGINE_INSTALL_DIR: TEST_ENGINES });
  });
  afterAll(async () => {
    await deployment.close();
    await server.close();
  });

  test('are fetched once, for CWL and for WDL', async () => {
    const client = clientFor(await addressOf(deployment.start(['up'])));
    for (const path of ['/cwl', '/wdl']) server.serve(path, { content: 'acgt\n' });
    const { request, attachments } = cwlRequest({ reads: fileAt(`${server.url}/cwl`) });
    const runIds = [
      await client.runWorkflow({ request: { ...request, workflow_engine: 'toil' }, attachments }),
      await client.runWorkflow({
        request: {
          ...{ workflow_type: 'WDL', workflow_type_version: '1.0', workflow_url: 'main.wdl' },
          workflow_engine: 'toil',
          workflow_params: { 'show.reads': [`${server.url}/wdl`], 'show.text': 'text' },
        },
        attachments: new Map([['main.wdl', new Blob([WDL])]]),
      }),
    ];
    for (const runId of runIds) {
      expect((await endOf(client, runId, 120_000)).state).toBe('COMPLETE');
    }
    expect(server.requests).toHaveLength(2);
  });
});
