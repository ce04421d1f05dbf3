import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import { describeWith } from '../support/suite.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SHIM = join(ROOT, 'bin', 'wes.cjs');
const BUNDLED = join(ROOT, 'node_modules', `node-${process.platform}-${process.arch}`);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wes-shim-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Starts the shim on a Node that believes to be another one. */
function startAs(node: { version: string; arch?: string }, args: readonly string[]) {
  const disguise = join(directory, `${node.version}-${node.arch ?? ''}.cjs`);
  const arch = JSON.stringify(node.arch ?? process.arch);
  writeFileSync(
    disguise,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node.version}' } });
     Object.defineProperty(process, 'arch', { value: ${arch} });`,
  );
  const child = spawn(process.execPath, ['--require', disguise, SHIM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: directory },
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  return { child, result: async () => ({ ...(await ended), printed: (await printed).join('') }) };
}

describe('the start of wes', () => {
  test.each(['22.23.0', '22.24.1', '24.15.0', '26.0.0'])(
    'happens here on Node %s',
    async (version) => {
      // Without the disguise's Node for this platform there is none to be replaced by.
      const { code, printed } = await startAs({ version, arch: 'other' }, ['--version']).result();
      expect(code).toBe(0);
      expect(printed).toMatch(/^\d+\.\d+\.\d+\n$/);
    },
  );

  test.each(['0.10.48', '18.20.8', '20.20.2', '22.22.9', '23.11.0', '24.14.9'])(
    'says what is needed on Node %s without a replacement',
    async (version) => {
      const { code, printed } = await startAs({ version, arch: 'other' }, ['--version']).result();
      expect(code).toBe(1);
      expect(printed).toContain(`needs Node 24.15 or later`);
      expect(printed).toContain(version);
    },
  );

  test('is written in a syntax that every Node can read', () => {
    const source = readFileSync(SHIM, 'utf8').replaceAll(/\/\*.*?\*\//gs, '');
    expect(source).not.toMatch(
      /=>|\b(const|let|class|async|await)\b|`|\?\.|\?\?|\.\.\.|import\(\w/,
    );
    expect(source).not.toMatch(/,\s*\)/);
  });
});

const missing = existsSync(BUNDLED) ? undefined : 'the optional package of Node is not installed';
describeWith('the start of wes on an old Node', missing, () => {
  test('happens on the Node of the optional package, with its exit status', async () => {
    const old = { version: '20.20.2' };
    const version = await startAs(old, ['--version']).result();
    expect(version).toMatchObject({ code: 0 });
    const args = ['status', 'x', '--server', 'http://127.0.0.1:1/ga4gh/wes/v1'];
    expect(await startAs(old, args).result()).toMatchObject({ code: EXIT.unavailable });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('passes %s on', async (signal) => {
    const server = await startScriptedServer();
    try {
      const { child, result } = startAs({ version: '20.20.2' }, [
        'watch',
        'r',
        '--server',
        server.url,
      ]);
      server.on('GET /ga4gh/wes/v1/service-info', { body: { supported_wes_versions: [] } });
      server.on('GET /ga4gh/wes/v1/runs/r/status', () => {
        child.kill(signal);
        return { body: { state: 'RUNNING' } };
      });
      expect(await result()).toMatchObject({ code: EXIT.interrupted });
    } finally {
      await server.close();
    }
  });
});
