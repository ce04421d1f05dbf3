import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { KeptProcess } from '../../../src/cli/warm-servers/kept-process.ts';
import type { Outcome } from '../../../src/engines/engine.ts';
import { readProcess } from '../../../src/executors/process-stat.ts';
import { cwlRun, shellTool } from '../../support/cwl-samples.ts';
import { startEngineRun, type EngineRun, type RunSetup } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';
import { awaitListener, startWarmServer, type WarmServer } from '../../support/warm-server.ts';

const { engine, all, missing } = await findEngine('cwltool');

describeWith('the fork server', missing, () => {
  const [installation = { engine: '', version: '', launcher: [] }] = all;
  const servers: WarmServer[] = [];
  const runs: EngineRun[] = [];
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.remove();
    for (const server of servers.splice(0)) await server.stop();
  });

  async function serve(): Promise<WarmServer> {
    const server = await startWarmServer(engine, installation);
    servers.push(server);
    return server;
  }

  async function start(setup: RunSetup, warmServer: string): Promise<EngineRun> {
    const run = await startEngineRun(engine, installation, { ...setup, warmServer });
    runs.push(run);
    return run;
  }

  async function outcomeOf(run: EngineRun): Promise<Outcome['state']> {
    return (await engine.classify(await run.exited, run.directory)).state;
  }

  const trivial = cwlRun(shellTool('true'));
  const waiting = cwlRun(shellTool('echo begun; sleep 2; echo done'));

  /** Children of the server that run something. */
  async function forksOf(server: WarmServer): Promise<readonly number[]> {
    const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
    const found = await Promise.all(pids.map(readProcess));
    return found
      .filter((one) => one?.parent === server.processId() && one.alive)
      .map((one) => one?.pid ?? 0);
  }

  async function began(run: EngineRun): Promise<void> {
    await until(async () => (await run.events()).length > 0, { timeoutMs: 20_000 });
  }

  test('carries the run out in a process of its own, in a session of its own', async () => {
    const server = await serve();
    const run = await start(waiting, server.address);
    await began(run);
    const [pid = 0, ...others] = await forksOf(server);
    expect(others).toEqual([]);
    expect(await readProcess(pid)).toMatchObject({ session: pid, group: pid });
    expect(await outcomeOf(run)).toBe('COMPLETE');
  });

  test('a run goes on to its end when the server is killed', async () => {
    const server = await serve();
    const run = await start(waiting, server.address);
    await began(run);
    process.kill(server.processId(), 'SIGKILL');
    expect(await run.exited).toBe(0);
    expect(await outcomeOf(run)).toBe('COMPLETE');
    expect((await run.events()).map(({ type }) => type)).toEqual(['started', 'ended']);
  });

  test('without a server the run is carried out all the same', async () => {
    expect(await outcomeOf(await start(trivial, 'wes-nobody-listens'))).toBe('COMPLETE');
  });

  test('a killed run is told with the exit code of a shell', async () => {
    const server = await serve();
    const run = await start(waiting, server.address);
    await began(run);
    const [pid = 0] = await forksOf(server);
    process.kill(pid, 'SIGKILL');
    expect(await run.exited).toBe(137);
    expect(await outcomeOf(run)).toBe('SYSTEM_ERROR');
  });

  test('is started again when it was killed, and serves anew', async () => {
    const server = await serve();
    const first = server.processId();
    process.kill(first, 'SIGKILL');
    await until(() => server.processId() !== first, { timeoutMs: 10_000 });
    await awaitListener(server.address);
    const run = await start(waiting, server.address);
    await began(run);
    expect(await forksOf(server)).toHaveLength(1);
    expect(server.ends).toHaveLength(1);
  });

  test('a client that says nothing keeps nobody waiting', async () => {
    const server = await serve();
    const silent: Socket[] = [];
    for (let count = 0; count < 3; count++) {
      const socket = connect({ path: `\0${server.address}` });
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('connect', resolve));
      silent.push(socket);
    }
    expect(await outcomeOf(await start(trivial, server.address))).toBe('COMPLETE');
    for (const socket of silent) socket.destroy();
  });

  test('many runs at once are carried out', async () => {
    const server = await serve();
    const started = await Promise.all(
      Array.from({ length: 20 }, () => start(trivial, server.address)),
    );
    const states = await Promise.all(started.map(outcomeOf));
    expect(new Set(states)).toEqual(new Set(['COMPLETE']));
  });

  test('a fresh process takes its place after so many forks, under the same number', async () => {
    const address = `wes-test-renewal-${process.pid}`;
    const command = engine.warmServer?.(installation, address);
    const words = command?.argv ?? [];
    const script = words.findIndex((word) => word.endsWith('.py'));
    const argv = [...words.slice(0, script + 1), '--forks', '2', ...words.slice(script + 1)];
    const [program = '', ...rest] = argv;
    const server = spawn(program, rest, {
      env: command?.environment,
      stdio: ['pipe', 'ignore', 2],
    });
    await awaitListener(address);
    const bornWith = async (): Promise<string> =>
      (await readFile(`/proc/${server.pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
    expect(await bornWith()).not.toContain('--listen');
    for (let count = 0; count < 5; count++) {
      expect(await outcomeOf(await start(trivial, address))).toBe('COMPLETE');
    }
    expect(await bornWith()).toContain('--listen');
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.stdin?.end();
    expect(await ended).toBe(0);
  });
});

test('a helper that fails at once is tried again after longer and longer pauses', async () => {
  const ends: number[] = [];
  const helper = new KeptProcess(
    { argv: ['/bin/sh', '-c', 'echo no room >&2; exit 3'], environment: {} },
    {
      onEnd: ({ exitCode, lastWords }) => {
        expect([exitCode, lastWords]).toEqual([3, 'no room\n']);
        ends.push(performance.now());
      },
    },
  );
  helper.start();
  await until(() => ends.length === 3, { timeoutMs: 10_000 });
  await helper.stop();
  const [first = 0, second = 0, third = 0] = ends;
  expect(second - first).toBeGreaterThan(450);
  expect(third - second).toBeGreaterThan(950);
});

test('a helper whose program is missing is told as such', async () => {
  const told: string[] = [];
  const helper = new KeptProcess(
    { argv: ['/nowhere/python3'], environment: {} },
    { onEnd: ({ lastWords }) => told.push(lastWords) },
  );
  helper.start();
  await until(() => told.length > 0);
  await helper.stop();
  expect(told[0]).toContain('ENOENT');
});
