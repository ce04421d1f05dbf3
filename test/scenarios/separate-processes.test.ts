import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { endOf, reaches, submitFake } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, untilPrinted } from '../support/server.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let deployment: TestDeployment;

beforeEach(async () => {
  deployment = await TestDeployment.create({ EXECUTOR: 'fake', DAEMON_POLL_INTERVAL: '0.1' });
});
afterEach(async () => {
  await deployment.close();
});

describe('wes serve and wes daemon', () => {
  test.each([['serve'], ['daemon']])(
    '%s refuses tables that are not up to date',
    async (command) => {
      const { code, stderr } = await deployment.run([command]);
      expect(code).toBe(EXIT.unavailable);
      expect(stderr).toContain('run `wes migrate` first');
    },
  );

  test('execute runs together, and end with status 0 when they are told to stop', async () => {
    await deployment.run(['migrate']);
    const api = deployment.start(['serve']);
    const daemon = deployment.start(['daemon']);
    const client = clientFor(await addressOf(api));
    await untilPrinted(daemon, 'The daemon executes runs with fake 1.0.');
    const runId = await submitFake(client, { seconds: 0.1 });
    expect((await endOf(client, runId)).state).toBe('COMPLETE');
    api.signal('SIGTERM');
    daemon.signal('SIGTERM');
    expect([await api.ended, await daemon.ended]).toEqual([EXIT.ok, EXIT.ok]);
  });

  test('a run that is cancelled while it is queued never starts', async () => {
    await deployment.run(['migrate']);
    const client = clientFor(await addressOf(deployment.start(['serve'])));
    const cancelled = await submitFake(client, { seconds: 0.1 });
    const kept = await submitFake(client, { seconds: 0.1 });
    await client.cancelRun(cancelled);
    expect((await client.getRunStatus(cancelled)).state).toBe('CANCELED');
    deployment.start(['daemon']);
    await endOf(client, kept);
    const run = await client.getRunLog(cancelled);
    expect(run.state).toBe('CANCELED');
    expect(run.run_log.start_time).toBeUndefined();
    expect(run.run_log.system_logs?.join('\n')).not.toContain('INITIALIZING');
  });

  test('a daemon that is told to stop leaves its run to the next one', async () => {
    await deployment.run(['migrate']);
    const client = clientFor(await addressOf(deployment.start(['serve'])));
    const first = deployment.start(['daemon']);
    const runId = await submitFake(client, { seconds: 3 });
    await reaches(client, runId, 'RUNNING');
    first.signal('SIGTERM');
    expect(await first.ended).toBe(EXIT.ok);
    expect((await client.getRunStatus(runId)).state).toBe('RUNNING');
    deployment.start(['daemon']);
    expect((await endOf(client, runId)).state).toBe('COMPLETE');
  });
});

describe('two users with passwords', () => {
  test('do not see, read or cancel the runs of each other; an admin does', async () => {
    await deployment.close();
    deployment = await TestDeployment.create({ EXECUTOR: 'fake', AUTH_METHOD: 'basic' });
    await deployment.run(['migrate']);
    const password = async (name: string, ...more: readonly string[]) => {
      const added = await deployment.run(['users', 'add', name, '--generate', ...more]);
      expect(added.code).toBe(0);
      return added.stdout.trim();
    };
    const passwords = {
      ann: await password('ann'),
      bob: await password('bob'),
      root: await password('root', '--admin'),
    };
    const address = await addressOf(deployment.start(['serve']));
    const as = (name: keyof typeof passwords) =>
      clientFor(address, { type: 'basic', name, password: passwords[name] });

    const runId = await submitFake(as('ann'), {});
    await expect(as('bob').getRunStatus(runId)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(as('bob').getRunLog(runId)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(as('bob').cancelRun(runId)).rejects.toMatchObject({ kind: 'not_found' });
    expect((await as('bob').listRuns()).items).toEqual([]);
    expect((await as('ann').listRuns()).items.map((run) => run.run_id)).toEqual([runId]);
    expect((await as('root').listRuns()).items.map((run) => run.run_id)).toEqual([runId]);
    await expect(clientFor(address).listRuns()).rejects.toMatchObject({ kind: 'unauthorized' });

    await deployment.run(['users', 'disable', 'ann']);
    await expect(as('ann').listRuns()).rejects.toMatchObject({ kind: 'unauthorized' });
    await as('root').cancelRun(runId);
    expect((await as('root').getRunStatus(runId)).state).toBe('CANCELED');
  });
});
