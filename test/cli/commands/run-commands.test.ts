import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import type { WesClient } from '../../../src/wes/client.ts';
import { interrupt, runCli, startCli, type StartedCli } from '../../support/run-cli.ts';
import { endOf, reaches, submitFake } from '../../support/runs.ts';
import { clientFor } from '../../support/server.ts';
import { until } from '../../support/until.ts';

/* The commands against a real API and a real daemon with simulated execution. */

let directory: string;
let stop: AbortController;
let services: StartedCli[];
let address: string;
let client: WesClient;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wes-run-commands-'));
  stop = new AbortController();
  const options = {
    signal: stop.signal,
    environment: {
      PATH: process.env.PATH ?? '',
      DATA_DIR: directory,
      EXECUTOR: 'fake',
      LOG_LEVEL: 'silent',
      API_PORT: '0',
      DAEMON_POLL_INTERVAL: '0.1',
      DAEMON_MAX_CONCURRENT_RUNS: '1',
    },
  };
  await runCli(['migrate'], options);
  services = [startCli(['serve'], options), startCli(['daemon'], options)];
  address = await until(
    () => /(http:\/\/127\.0\.0\.1:\d+)\/ga4gh/.exec(services[0]?.stdout() ?? '')?.[1],
  );
  client = clientFor(address);
});
afterEach(async () => {
  interrupt(stop);
  await Promise.all(services.map(({ result }) => result));
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

const wes = (...args: readonly string[]) =>
  runCli(args, { workingDirectory: directory, environment: { WES_SERVER: address } });

test('pause and resume halt a run and let it go on, and its history tells it', async () => {
  const runId = await submitFake(client, { seconds: 600 });
  await reaches(client, runId, 'RUNNING');
  expect((await wes('pause', runId)).code).toBe(EXIT.ok);
  await reaches(client, runId, 'PAUSED');
  const resumed = await wes('resume', runId, '--json');
  expect(JSON.parse(resumed.stdout)).toMatchObject([{ run_id: runId }]);
  await reaches(client, runId, 'RUNNING');
  const { stdout } = await wes('history', runId);
  expect(stdout).toMatch(/^TIME\s+STATE\s+WHO\s+WHY/);
  expect(stdout).toMatch(/PAUSED\s+daemon:\S+\s+its processes stand still/);
  expect(stdout).toMatch(/user:anonymous\s+resume requested/);
  await wes('cancel', runId, '--wait');
  const refused = await wes('pause', runId);
  expect(refused.code).toBe(EXIT.refused);
  expect(refused.stderr).toContain('CANCELED');
});

test('rerun makes a new run, and rm removes what has ended', async () => {
  const runId = await submitFake(client, { seconds: 0 });
  await endOf(client, runId);
  const { stdout } = await wes('rerun', runId);
  const again = stdout.trim();
  expect((await endOf(client, again)).state).toBe('COMPLETE');
  expect((await wes('history', again)).stdout).toContain(`Rerun of ${runId}`);
  const waited = await wes('rerun', runId, '--wait');
  expect([waited.code, waited.stdout]).toEqual([
    EXIT.ok,
    expect.stringMatching(/^Submitted as [\s\S]*COMPLETE/),
  ]);
  expect((await wes('rm', runId, again)).stdout).toBe(`Removed ${runId}\nRemoved ${again}\n`);
  expect((await wes('status', runId)).code).toBe(EXIT.notFound);
  const live = await submitFake(client, { seconds: 600 });
  const refused = await wes('rm', live);
  expect(refused.code).toBe(EXIT.refused);
  expect(refused.stderr).toContain('cancel it first');
  await wes('cancel', live, '--wait');
});

test('submit takes a priority and a timeout, and status tells the place in the queue', async () => {
  const running = await submitFake(client, { seconds: 600 });
  await reaches(client, running, 'RUNNING');
  const waiting = await submitFake(client, { seconds: 0 });
  writeFileSync(join(directory, 'a.fake'), 'workflow');
  const language = ['--type', 'FAKE', '--type-version', '1.0'];
  const submit = (...more: readonly string[]) => wes('submit', 'a.fake', ...language, ...more);
  const urgent = (await submit('--priority', '5', '--timeout', '60')).stdout.trim();
  expect((await wes('status', urgent)).stdout).toContain(`Place of ${urgent} in the queue: 1`);
  expect((await wes('status', waiting)).stdout).toContain(`Place of ${waiting} in the queue: 2`);
  const { request } = await client.getRunLog(urgent);
  expect(request?.workflow_engine_parameters).toEqual({ priority: '5', timeout: '60' });
  expect((await submit('--priority', '11')).code).toBe(EXIT.refused);
  expect((await submit('--priority', 'high')).code).toBe(EXIT.usage);
  await wes('cancel', running, '--wait');
  expect((await endOf(client, urgent)).state).toBe('COMPLETE');
  expect((await endOf(client, waiting)).state).toBe('COMPLETE');
});
