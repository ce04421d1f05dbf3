import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAddressGuard } from '../../src/staging/address-guard.ts';
import { createStaging } from '../../src/staging/create-staging.ts';
import { fromSource } from '../../src/staging/from-source.ts';
import { createHttpProtocol } from '../../src/staging/http.ts';
import { FetchError, type Protocol } from '../../src/staging/protocol.ts';
import { joinProtocols } from '../../src/staging/protocols.ts';
import type { Staging } from '../../src/staging/staging.ts';
import { createWeb } from '../../src/staging/web.ts';
import { killed, openService, type TestService } from '../support/daemon.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';
import { until } from '../support/until.ts';

/** Prints the inputs as the engine gets them, and what was fetched. */
const SHOW =
  'cat ../inputs.json; echo; cd ../fetched && find . -type f | sort && cat $(find . -type f | sort)';

describe('what a run names by addresses', () => {
  let service: TestService;
  let server: FileServer;
  beforeEach(async () => {
    server = await startFileServer();
    service = await openService('local');
  });
  afterEach(async () => {
    await service.close();
    await server.close();
  });

  async function shown(params: Record<string, string | string[]>): Promise<readonly string[]> {
    const runId = await service.submit(SHOW, {}, { params });
    await service.reached(runId, 'COMPLETE');
    return ((await service.runLog(runId, 'stdout')) ?? '').trim().split('\n');
  }

  test('lies here, side by side as at its source, each once', async () => {
    await service.startDaemon();
    for (const name of ['/a/x.bam', '/a/x.bam.bai', '/b/x.bam']) {
      server.serve(name, { content: `${name}\n` });
    }
    const at = (path: string): string => `${server.url}${path}`;
    const bam = at('/a/x.bam');
    const [inputs = '', ...files] = await shown({
      bam,
      again: [bam, at('/a/x.bam.bai'), at('/b/x.bam'), `${bam}?part=2`],
      text: `see ${bam}`,
    });
    expect(files.slice(0, 4)).toEqual(['./1-2/x.bam', './1/x.bam', './1/x.bam.bai', './2/x.bam']);
    expect(server.asked('/a/x.bam')).toBe(2); // once with its query
    const { bam: path, again, text } = JSON.parse(inputs) as Record<string, string[]>; // as sent
    expect(path).toMatch(/^\/.*\/fetched\/1(?:-2)?\/x\.bam$/);
    expect(again?.[0]).toBe(path);
    expect(again?.[1]).toMatch(/\/fetched\/1\/x\.bam\.bai$/);
    expect(text).toBe(`see ${bam}`);
  });

  test('has names that are harmless here', async () => {
    await service.startDaemon();
    const paths = ['/%2e%2e%2fup', '/a/', `/b/${'x'.repeat(300)}.txt`];
    for (const path of paths) server.serve(path, { content: 'x' });
    const [, ...files] = await shown({ all: paths.map((path) => `${server.url}${path}`) });
    expect(files.slice(0, 3)).toEqual([
      './1/.._up',
      './2/file',
      expect.stringMatching(/x{236}\.txt$/),
    ]);
  });

  test('is named in the run’s end when it can’t be had, and nothing was started', async () => {
    await service.startDaemon();
    server.serve('/there', (_request, response) => void response.write('never whole'));
    const reads = [`${server.url}/there`, `http://u:pw@${new URL(server.url).host}/none?token=x`];
    const runId = await service.submit('touch /started', {}, { params: { reads } });
    await until(async () => (await service.run(runId)).state === 'SYSTEM_ERROR');
    const reason = `input workflow_params.reads[1]: ${server.url}/none?… could not be fetched: answered 404 Not Found`;
    expect(await service.reason(runId)).toBe(reason);
    expect(await service.runLog(runId, 'stderr')).toContain(reason);
    expect(JSON.stringify(service.log)).not.toMatch(/pw@|token=x/);
    await until(() => !existsSync(join(service.workRoot, runId)));
  });

  test('keeps the engine’s log behind what was told of it', async () => {
    await service.startDaemon();
    server.serve('/x', { content: 'four' });
    const params = { x: `${server.url}/x` };
    const runId = await service.submit('echo engine >&2', {}, { params });
    await service.reached(runId, 'COMPLETE');
    const lines = (await service.runLog(runId, 'stderr'))?.split('\n') ?? [];
    expect(lines.map((line) => line.replace(/^\S+Z /, ''))).toEqual([
      `fetching ${server.url}/x`,
      `fetched ${server.url}/x: 4 bytes`,
      'engine',
      '',
    ]);
  });

  /** A file that is sent as far as this, and the answers that wait for the rest. */
  function hold(path: string): readonly ServerResponse[] {
    const held: ServerResponse[] = [];
    server.serve(path, (_request, response) => {
      response.writeHead(200, { 'content-length': 8 });
      response.write('half');
      held.push(response);
    });
    return held;
  }

  test('is let go when its run is cancelled', async () => {
    await service.startDaemon();
    const held = hold('/x');
    const runId = await service.submit('true', {}, { params: { x: `${server.url}/x` } });
    await until(() => held.length === 1);
    await service.cancel(runId);
    await service.reached(runId, 'CANCELED');
    await until(() => held[0]?.destroyed);
  });

  test('is fetched by the next daemon when the first is stopped or killed', async () => {
    const first = await service.startDaemon();
    const held = hold('/x');
    const runId = await service.submit(SHOW, {}, { params: { x: `${server.url}/x` } });
    await until(() => held.length === 1);
    await first.stop('handover');
    expect((await service.run(runId)).state).toBe('QUEUED');
    const child = await service.spawnDaemon();
    await until(() => held.length === 2);
    await killed(child);
    server.serve('/x', { content: 'whole' });
    await service.startDaemon({ settings: { maxAttempts: 5 } });
    await service.reached(runId, 'COMPLETE');
    expect(await service.runLog(runId, 'stdout')).toContain('whole');
  });

  /** Fetches by http what is asked for by another scheme, and has a tree of two documents. */
  function otherStaging(): Staging {
    const web = createWeb({
      guard: createAddressGuard(['127.0.0.1']),
      ...{ connectMs: 5000, idleMs: 5000 },
    });
    const { open } = createHttpProtocol(web);
    const shelf: Protocol = {
      schemes: ['shelf'],
      open: (address, request) => open(address.replace('shelf://', `${server.url}/`), request),
    };
    const protocols = joinProtocols([shelf]);
    return createStaging({
      protocols,
      fetchOne: fromSource({ open: protocols.open, mostFileBytes: 0 }),
      ...{ parallel: 1, mostRunBytes: 10, close: () => web.close() },
      trees: {
        schemes: ['tree'],
        isAddress: (address) => address.startsWith('tree:'),
        stage: async (address, workflowType, directory) => {
          if (address !== 'tree://there') throw new FetchError('nobody knows it', false);
          await writeFile(join(directory, 'main'), `main of ${workflowType}`);
          return { primary: 'main' };
        },
      },
    });
  }

  test.each([
    ['shelf://one/main.cwl#part', 'main.cwl', 'document'],
    ['tree://there', 'workflow/main', 'main of SHELL'],
  ])('a workflow at %s is put beside the attachments', async (workflowUrl, name, content) => {
    const staging = otherStaging();
    await service.startDaemon({ staging });
    server.serve('/one/main.cwl', { content: 'document' });
    const script = 'find . -type f | sort; cat "$(find . -name "main*")"';
    const runId = await service.submit(script, { 'a/tool.cwl': 'tool' }, { workflowUrl });
    await service.reached(runId, 'COMPLETE');
    expect(await service.runLog(runId, 'stdout')).toBe(`./a/tool.cwl\n./${name}\n${content}`);
    staging.close();
  });

  test.each([
    ['shelf://one/main.cwl', { 'main.cwl': 'x' }, /'main.cwl' could not be put beside/],
    ['shelf://none', {}, /^workflow_url: shelf:\/\/none could not be fetched: answered 404/],
    ['tree://none', {}, /^workflow_url: tree:\/\/none could not be fetched: nobody knows it/],
    ['shelf://two/large', {}, /for a run at most \(STAGING_MAX_RUN_SIZE\)/],
  ])('a workflow at %s with attachments %j ends the run', async (workflowUrl, files, reason) => {
    const staging = otherStaging();
    await service.startDaemon({ staging });
    server.serve('/one/main.cwl', { content: 'document' });
    server.serve('/two/large', { content: 'eleven byte' });
    const runId = await service.submit('true', files, { workflowUrl });
    await until(async () => (await service.run(runId)).state === 'SYSTEM_ERROR');
    expect(await service.reason(runId)).toMatch(reason);
    staging.close();
  });

  test('has to come in time', async () => {
    await service.startDaemon({ settings: { stagingTimeoutSeconds: 0.3 } });
    const held = hold('/x');
    const runId = await service.submit('true', {}, { params: { x: `${server.url}/x` } });
    await until(async () => (await service.run(runId)).state === 'SYSTEM_ERROR');
    expect(await service.reason(runId)).toContain('not fetched after 0.3 seconds');
    await until(() => held[0]?.destroyed);
  });

  test('may take longer than a lease', async () => {
    const settings = { leaseSeconds: 1, heartbeatSeconds: 0.1 };
    await service.startDaemon({ settings });
    await service.startDaemon({ settings });
    const held = hold('/x');
    const runId = await service.submit(SHOW, {}, { params: { x: `${server.url}/x` } });
    await until(() => held.length === 1);
    const begunAt = performance.now();
    await until(() => performance.now() - begunAt > 2000, { timeoutMs: 5000 });
    held[0]?.end('half');
    expect((await service.reached(runId, 'COMPLETE')).attempt).toBe(1);
  });
});
