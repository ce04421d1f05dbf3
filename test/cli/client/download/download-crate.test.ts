import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EXIT } from '../../../../src/cli/exit-codes.ts';
import { runCli } from '../../../support/run-cli.ts';
import { startScriptedServer, type ScriptedServer } from '../../../support/scripted-server.ts';

const CRATE = '/ga4gh/wes/v1/runs/r1/ro-crate';

let server: ScriptedServer;
let directory: string;
beforeEach(async () => {
  server = await startScriptedServer();
  directory = mkdtempSync(join(tmpdir(), 'wes-crate-'));
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const fetchCrate = (file: string, ...more: readonly string[]) =>
  runCli(['outputs', 'r1', '--crate', file, '--server', `${server.url}/ga4gh/wes/v1`, ...more], {
    workingDirectory: directory,
  });

describe('wes outputs --crate', () => {
  test.each([
    ['sub/run.zip', [], '?download=zip'],
    ['run.crate', ['--logs'], '?download=zip&logs=true'],
    ['run.json', [], ''],
    ['run.jsonld', ['--logs'], '?logs=true'],
  ])('into %s with %j asks for %s', async (file, more, query) => {
    server.on(`GET ${CRATE}`, { body: 'the crate' });
    expect(await fetchCrate(file, ...more)).toMatchObject({ code: 0, stderr: '' });
    expect(server.requests.at(-1)?.path).toBe(CRATE + query);
    expect(readFileSync(join(directory, file), 'utf8')).toBe('the crate');
  });

  test('of a run that goes on says so', async () => {
    server.on(`GET ${CRATE}`, { status: 409, body: { msg: 'wait until it has ended' } });
    const { code, stderr } = await fetchCrate('run.zip');
    expect([code, stderr]).toEqual([EXIT.refused, 'wes: wait until it has ended\n']);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('that breaks off leaves nothing', async () => {
    const breaking = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('the first bytes', () => response.destroy());
    });
    await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve));
    const { port } = breaking.address() as AddressInfo; // it listens on a port
    const url = `http://127.0.0.1:${port}/ga4gh/wes/v1`;
    const { code, stderr } = await fetchCrate('run.zip', '--server', url);
    breaking.close();
    expect(code).toBe(EXIT.unavailable);
    expect(stderr).toContain('broke off');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('--logs belongs to it', async () => {
    const { code, stderr } = await runCli(['outputs', 'r1', '--logs', '--server', server.url]);
    expect([code, stderr]).toEqual([EXIT.usage, 'wes: --logs needs --crate\n']);
  });
});
