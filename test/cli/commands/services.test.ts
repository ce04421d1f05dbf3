import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import type { ChildMessage, SupervisorLink } from '../../../src/cli/supervisor/messages.ts';
import { interrupt, runCli, startCli, type CliOptions } from '../../support/run-cli.ts';
import { endOf, reaches, submitFake } from '../../support/runs.ts';
import { clientFor } from '../../support/server.ts';
import { until } from '../../support/until.ts';

let directory: string;
let stop: AbortController;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wes-services-'));
  stop = new AbortController();
});
afterEach(() => {
  interrupt(stop);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

function options(more: CliOptions = {}): CliOptions {
  const environment = {
    PATH: process.env.PATH ?? '',
    DATA_DIR: directory,
    EXECUTOR: 'fake',
    LOG_LEVEL: 'silent',
    API_PORT: '0',
    DAEMON_POLL_INTERVAL: '30',
  };
  return { signal: stop.signal, ...more, environment: { ...environment, ...more.environment } };
}

/** A supervisor as a child sees it, in the hands of the test. */
function fakeSupervisor() {
  const told: ChildMessage[] = [];
  let wake = (): void => undefined;
  let isConnected = true;
  const link: SupervisorLink = {
    tell: (message) => void told.push(message),
    onWake: (listener) => (wake = listener),
    isConnected: () => isConnected,
  };
  return { link, told, wake: () => wake(), leave: () => (isConnected = false) };
}

async function addressIn(text: () => string): Promise<string> {
  return await until(() => /(http:\/\/127\.0\.0\.1:\d+)\/ga4gh/.exec(text())?.[1]);
}

describe('wes serve and wes daemon', () => {
  test('serve and execute until they are stopped', async () => {
    await runCli(['migrate'], options());
    const api = startCli(['serve'], options());
    const environment = { DAEMON_POLL_INTERVAL: '0.1' };
    const daemon = startCli(['daemon'], options({ environment }));
    const client = clientFor(await addressIn(api.stdout));
    const runId = await submitFake(client, { seconds: 0.1 });
    expect((await endOf(client, runId)).state).toBe('COMPLETE');
    expect(daemon.stdout()).toBe('The daemon executes runs with fake 1.0.\n');
    interrupt(stop);
    expect((await api.result).code).toBe(EXIT.ok);
    expect((await daemon.result).code).toBe(EXIT.ok);
  });

  test('tell their supervisor what happens, and wake at its word', async () => {
    await runCli(['migrate'], options());
    const ofApi = fakeSupervisor();
    const ofDaemon = fakeSupervisor();
    const api = startCli(['serve'], options({ supervisor: ofApi.link }));
    const environment = { DAEMON_DRAIN: 'wait' };
    const daemon = startCli(['daemon'], options({ supervisor: ofDaemon.link, environment }));
    const ready = await until(() => ofApi.told.find((message) => message.type === 'ready'));
    await until(() => ofDaemon.told.length > 0);
    expect(ofDaemon.told).toEqual([{ type: 'ready', facts: ['fake 1.0'] }]);
    const client = clientFor(ready.type === 'ready' ? (ready.facts[0] ?? '') : '');
    const runId = await submitFake(client, { seconds: 600 });
    expect(ofApi.told.at(-1)).toEqual({ type: 'changed' });
    ofDaemon.wake();
    await reaches(client, runId, 'RUNNING');
    // Even a daemon that waits for its runs leaves them when its supervisor is gone.
    ofDaemon.leave();
    interrupt(stop);
    expect((await daemon.result).code).toBe(EXIT.ok);
    expect((await api.result).stdout).toBe('');
  });

  test('the API does not start with configured users that can not be read', async () => {
    await runCli(['migrate'], options());
    const environment = { AUTH_METHOD: 'basic', BASIC_AUTH_USERS: 'ann:plain' };
    const { code, stderr } = await runCli(['serve'], options({ environment }));
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('BASIC_AUTH_USERS');
    expect(stderr).not.toContain('plain');
  });

  test('the API does not start where it can not listen', async () => {
    await runCli(['migrate'], options());
    const environment = { API_HOST: '192.0.2.1', ALLOW_ANONYMOUS_REMOTE: 'true' };
    const { code, stderr } = await runCli(['serve'], options({ environment }));
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain("can't listen on 192.0.2.1");
  });

  test('service-info tells what was configured', async () => {
    await runCli(['migrate'], options());
    const environment = {
      SERVICE_NAME: 'Ours',
      SERVICE_DESCRIPTION: 'For us',
      SERVICE_TAGS: 'a=b,c=d=e',
      API_PREFIX: 'ga4gh/wes/v1/',
    };
    const api = startCli(['serve'], options({ environment }));
    const info = await clientFor(await addressIn(api.stdout)).getServiceInfo();
    expect(info).toMatchObject({
      name: 'Ours',
      description: 'For us',
      tags: { a: 'b', c: 'd=e' },
    });
    interrupt(stop);
    await api.result;
  });

  test('the API does not start with service tags that are none', async () => {
    await runCli(['migrate'], options());
    const environment = { SERVICE_TAGS: 'frob' };
    const { code, stderr } = await runCli(['serve'], options({ environment }));
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('SERVICE_TAGS: "frob" is not of the form key=value');
  });
});

describe('wes up', () => {
  test('keeps both running, passes on that there is work, and stops both', async () => {
    const up = startCli(['up', '--set', 'SERVICE_NAME=Set'], options());
    const address = await addressIn(up.stdout);
    await until(() => up.stdout().includes('Engines  fake 1.0'));
    const client = clientFor(address);
    expect((await client.getServiceInfo()).name).toBe('Set');
    const runId = await submitFake(client, { seconds: 0.1 });
    expect((await endOf(client, runId)).state).toBe('COMPLETE');
    interrupt(stop);
    const { code, stdout } = await up.result;
    expect(code).toBe(EXIT.ok);
    expect(stdout).toContain('Stopping');
    await expect(client.listRuns()).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('ends with the exit status of a child that could not start', async () => {
    // The value passes the table of settings; only the API looks into it.
    const environment = { AUTH_METHOD: 'basic', BASIC_AUTH_USERS: 'ann:plain' };
    const { code, stdout } = await runCli(['up'], options({ environment }));
    expect(code).toBe(EXIT.usage);
    expect(stdout).not.toContain('is up');
  });
});
