import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EXIT } from '../../../../src/cli/exit-codes.ts';
import { startOutputServer, type OutputServer } from '../../../support/output-server.ts';
import { interrupt, runCli, startCli } from '../../../support/run-cli.ts';
import { startScriptedServer } from '../../../support/scripted-server.ts';
import { until } from '../../../support/until.ts';

// A download that gives up has paused between its tries.
vi.setConfig({ testTimeout: 60_000 });

const CONTENT = 'ACGTACGTACGTACGTACGT';
const PARTIAL = '.wes-partial';

let server: OutputServer;
let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wes-download-'));
  server = await startOutputServer();
  server.arrived = partialBytes;
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const args = (): string[] => ['outputs', 'r1', '--download', 'out', '--server', server.url];
const download = () => runCli(args(), { workingDirectory: directory });
const inOut = (...path: string[]) => join(directory, 'out', ...path);
const textOf = (path: string) => readFileSync(inOut(path), 'utf8');
function partialBytes(): number {
  const folder = inOut(PARTIAL);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Enough to give up. */
const ALWAYS = Array.from({ length: 20 }, () => ({ breakAfter: 0 }));

describe('a connection that breaks', () => {
  test('is replaced by another that goes on where it broke', async () => {
    server.put('x', CONTENT);
    server.fail('x', { breakAfter: 5 }, { status: 503 }, { breakAfter: 7 });
    expect(await download()).toMatchObject({ code: 0, stderr: '' });
    expect(textOf('x')).toBe(CONTENT);
    expect(server.asked).toEqual(['x', 'x bytes=5-', 'x bytes=5-', 'x bytes=12-']);
    expect(readdirSync(inOut())).toEqual(['x']);
  });

  test('again and again leaves what came, and the same command goes on with it', async () => {
    server.put('x', CONTENT);
    server.fail('x', { breakAfter: 5 }, ...ALWAYS);
    const { code, stderr } = await download();
    expect(code).toBe(EXIT.unavailable);
    expect(stderr).toMatch(/x did not come whole: .*goes on where it broke/);
    expect(readdirSync(inOut())).toEqual([PARTIAL]);
    const again = await startOutputServer();
    try {
      again.put('x', CONTENT);
      const result = await runCli(['outputs', 'r1', '--download', 'out', '--server', again.url], {
        workingDirectory: directory,
      });
      expect(result.code).toBe(0);
      expect(again.asked).toEqual(['x bytes=5-']);
      expect(textOf('x')).toBe(CONTENT);
    } finally {
      await again.close();
    }
  });

  test('goes on from the beginning where the server knows no ranges', async () => {
    server.knowsRanges = false;
    server.put('x', CONTENT);
    server.fail('x', { breakAfter: 5 });
    expect((await download()).code).toBe(0);
    expect(textOf('x')).toBe(CONTENT);
  });

  test('without checksums goes on only with the same version', async () => {
    await server.close();
    server = await startOutputServer({ withChecksums: false });
    server.arrived = partialBytes;
    server.put('x', CONTENT);
    server.fail('x', { breakAfter: 5 });
    expect((await download()).code).toBe(0);
    expect(textOf('x')).toBe(CONTENT);
    expect(server.asked).toEqual(['x', 'x bytes=5-']);
    expect(server.ifRanges[1]).toMatch(/^"[0-9a-f]{64}"$/);
  });
});

describe('what an earlier download left', () => {
  async function leftover(): Promise<string> {
    server.put('x', CONTENT);
    const stopped = new AbortController();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    server.fail('x', { breakAfter: 5 }, { hold: held });
    const cli = startCli(args(), { workingDirectory: directory, signal: stopped.signal });
    await until(() => server.asked.length === 2);
    interrupt(stopped);
    expect((await cli.result).code).toBe(EXIT.interrupted);
    release();
    const [name = ''] = readdirSync(inOut(PARTIAL));
    expect(readdirSync(inOut())).toEqual([PARTIAL]);
    return name;
  }

  test('by Ctrl-C is gone on with', async () => {
    await leftover();
    expect((await download()).code).toBe(0);
    expect(server.asked.at(-1)).toBe('x bytes=5-');
    expect(readdirSync(inOut())).toEqual(['x']);
  });

  test('when it was killed is gone on with, but not while it is alive', async () => {
    const name = await leftover();
    const [dead, alive] = [2 ** 30, process.ppid];
    renameSync(inOut(PARTIAL, name), inOut(PARTIAL, `${name}.${alive}`));
    expect((await download()).code).toBe(0);
    expect(server.asked.at(-1)).toBe('x');
    rmSync(inOut('x'));
    renameSync(inOut(PARTIAL, `${name}.${alive}`), inOut(PARTIAL, `${name}.${dead}`));
    expect((await download()).code).toBe(0);
    expect(server.asked.at(-1)).toBe('x bytes=5-');
    expect(textOf('x')).toBe(CONTENT);
  });

  test('is fetched anew when it turns out to be wrong', async () => {
    const name = await leftover();
    writeFileSync(inOut(PARTIAL, name), 'NNNNN');
    expect((await download()).code).toBe(0);
    expect(server.asked.slice(-2)).toEqual(['x bytes=5-', 'x']);
    expect(textOf('x')).toBe(CONTENT);
  });

  test('of another version is not mixed with this one', async () => {
    await leftover();
    server.put('x', 'something else');
    expect((await download()).code).toBe(0);
    expect(server.asked.at(-1)).toBe('x');
    expect(textOf('x')).toBe('something else');
  });
});

describe('files that are there', () => {
  test('and right are left alone; others are replaced', async () => {
    server.put('right', CONTENT);
    server.put('wrong', CONTENT);
    mkdirSync(inOut());
    writeFileSync(inOut('right'), CONTENT);
    writeFileSync(inOut('wrong'), CONTENT.toLowerCase());
    const { code, stdout } = await download();
    expect(code).toBe(0);
    expect(server.asked).toEqual(['wrong']);
    expect(stdout).toMatch(/right .*was there already/);
    expect(textOf('wrong')).toBe(CONTENT);
  });
});

describe('many files', () => {
  test('come several at a time', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    for (let index = 0; index < 9; index += 1) {
      server.put(`d${index}/x`, `${CONTENT}${index}`);
      server.fail(`d${index}/x`, { hold: held });
    }
    const result = download();
    await until(() => server.asked.length === 4);
    release();
    expect((await result).code).toBe(0);
    expect(server.mostAtOnce()).toBe(4);
    expect(textOf('d8/x')).toBe(`${CONTENT}8`);
  });

  test('of which some can not be had: the others come, and the error counts them', async () => {
    for (const name of ['a', 'b', 'c', 'd']) server.put(name, CONTENT);
    server.fail('a', { status: 404 });
    server.fail('c', { status: 404 });
    const { code, stderr } = await download();
    expect(code).toBe(EXIT.notFound);
    expect(stderr).toContain('(and 1 more of 4 files failed)');
    expect(readdirSync(inOut()).sort()).toEqual(['b', 'd']);
  });

  test('of one name, as other servers have them, are told apart', async () => {
    const other = await startScriptedServer();
    const file = (location: string) => ({ class: 'File', location, basename: 'out.tar.gz' });
    other.on('GET /ga4gh/wes/v1/runs/r1', { body: { outputs: { all: [file('/1'), file('/2')] } } });
    other.on('GET /1', { body: 'one' });
    other.on('GET /2', { body: 'two' });
    const url = `${other.url}/ga4gh/wes/v1`;
    await runCli(['outputs', 'r1', '--download', 'out', '--server', url], {
      workingDirectory: directory,
    });
    await other.close();
    expect([textOf('out.tar.gz'), textOf('out_2.tar.gz')]).toEqual(['one', 'two']);
  });
});

describe('the directory of a download', () => {
  test('is never left through a link in it', async () => {
    server.put('folder/x', CONTENT);
    mkdirSync(inOut());
    mkdirSync(join(directory, 'elsewhere'));
    symlinkSync('../elsewhere', inOut('folder'));
    const { code, stderr } = await download();
    expect(code).toBe(EXIT.refused);
    expect(stderr).toContain('is a link, which may lead elsewhere');
    expect(readdirSync(join(directory, 'elsewhere'))).toEqual([]);
    expect(server.asked).toEqual([]);
  });

  test('has the file itself in the place of a link to another', async () => {
    server.put('x', CONTENT);
    mkdirSync(inOut());
    writeFileSync(join(directory, 'other'), CONTENT);
    symlinkSync('../other', inOut('x'));
    expect((await download()).code).toBe(0);
    rmSync(join(directory, 'other'));
    expect(textOf('x')).toBe(CONTENT);
  });

  test.each([PARTIAL, `${PARTIAL}/x`])('has no output named %s', async (name) => {
    server.put(name, CONTENT);
    expect((await download()).stderr).toContain('no safe place');
  });

  test('may be a link itself', async () => {
    server.put('x', CONTENT);
    mkdirSync(join(directory, 'real'));
    symlinkSync('real', inOut());
    expect((await download()).code).toBe(0);
    expect(readFileSync(join(directory, 'real', 'x'), 'utf8')).toBe(CONTENT);
  });

  test('says what is in the way', async () => {
    server.put('x', CONTENT);
    mkdirSync(inOut('x'), { recursive: true });
    const { code, stderr } = await download();
    expect([code, stderr]).toEqual([EXIT.refused, expect.stringContaining('is a directory')]);
  });
});
