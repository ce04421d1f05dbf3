import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createLocalExecutor } from '../../src/executors/local/local-executor.ts';
import type { WesClient } from '../../src/wes/client.ts';
import { shellTool } from '../support/cwl-samples.ts';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { endOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { missing } = await findCwltool();
const { missing: missingLimits } = await createLocalExecutor().limitSupport();

function pids(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Text of a file or link below /proc of a process that may have ended. */
function ifAlive(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

const commandLine = (pid: number): string =>
  ifAlive(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));

/** Fork servers of cwltool of the daemons with this parent. */
function forkServers(parent?: number): readonly number[] {
  return pids().filter((pid) => {
    const words = commandLine(pid).split('\0');
    if (!words.some((word) => word.endsWith('fork_server.py'))) return false;
    if (words.every((word) => !word.endsWith('cwltool/driver'))) return false;
    const stat = ifAlive(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return parent === undefined || stat.split(') ')[1]?.split(' ')[1] === String(parent);
  });
}

/** Forked engines at work below the directory. */
function engines(directory: string): readonly number[] {
  return pids().filter(
    (pid) =>
      commandLine(pid).includes('fork_server.py') &&
      ifAlive(() => readlinkSync(`/proc/${pid}/cwd`)).startsWith(directory),
  );
}

describeWith('warm runs through wes up', missing, () => {
  let deployment: TestDeployment;
  let client: WesClient;
  let daemonPid = 0;

  beforeAll(async () => {
    const limits = missingLimits.length === 0 ? { RUN_PROCESS_LIMIT: '200' } : {};
    // The API's own forks of the engine would be taken for runs.
    const settings = { ENGINE_INSTALL_DIR: TEST_ENGINES, VALIDATE_REQUESTS: 'false' };
    deployment = await TestDeployment.create({ ...settings, ...limits });
    client = clientFor(await addressOf(deployment.start(['up'])));
    daemonPid = await until(() => daemonOf(deployment), { timeoutMs: 30_000 });
    await until(() => forkServers(daemonPid).length === 1, { timeoutMs: 30_000 });
    await until(() => isWarm(), { timeoutMs: 60_000 });
  });
  afterAll(async () => {
    const [server = 0] = forkServers(daemonPid);
    await deployment.close();
    expect(commandLine(server)).toBe('');
  });

  const submit = (script: string): Promise<string> =>
    client.runWorkflow({
      request: { workflow_type: 'CWL', workflow_type_version: 'v1.2', workflow_url: 'main.cwl' },
      attachments: new Map([
        ['main.cwl', new Blob([JSON.stringify({ cwlVersion: 'v1.2', ...shellTool(script) })])],
      ]),
    });

  const atWork = (): readonly number[] => engines(deployment.directory);
  const engineAtWork = (): Promise<number> =>
    until(() => atWork().at(0), { timeoutMs: 30_000, message: 'No forked engine was seen' });

  /** Runs are cold until the server has loaded its engine. */
  async function isWarm(): Promise<boolean> {
    const runId = await submit('sleep 1');
    let wasSeen = false;
    await until(async () => {
      wasSeen ||= atWork().length > 0;
      return (await client.getRunStatus(runId)).state === 'COMPLETE';
    });
    return wasSeen;
  }

  test('a cancelled run leaves none of its processes, and the server serves on', async () => {
    const runId = await submit('trap "" TERM; sh -c "trap \\"\\" TERM; sleep 300" & sleep 300');
    await engineAtWork();
    await client.cancelRun(runId);
    expect((await endOf(client, runId)).state).toBe('CANCELED');
    expect(atWork()).toEqual([]);
    expect((await endOf(client, await submit('true'))).state).toBe('COMPLETE');
  });

  test('a run goes on when daemon and server are killed, and is finished by the next daemon', async () => {
    const runId = await submit('for i in 1 2 3 4 5 6; do echo line $i; sleep 1; done');
    const engine = await engineAtWork();
    const server = forkServers(daemonPid);
    process.kill(daemonPid, 'SIGKILL');
    await until(() => server.every((pid) => commandLine(pid) === ''), { timeoutMs: 10_000 });
    expect(commandLine(engine)).not.toBe('');
    expect((await endOf(client, runId)).state).toBe('COMPLETE');
    const { items } = await client.listTasks(runId);
    expect(items.map(({ exit_code: code }) => code)).toEqual([0]);
    daemonPid = await until(() => daemonOf(deployment), { timeoutMs: 30_000 });
  });

  describeWith(
    'under limits',
    missingLimits.length === 0 ? undefined : `no cgroups for ${missingLimits.join(', ')}`,
    () => {
      test('a forked engine is in the control groups of its run', async () => {
        // The daemon may have been started just before.
        await until(() => isWarm(), { timeoutMs: 60_000 });
        const runId = await submit('sleep 300');
        const engine = await engineAtWork();
        expect(readFileSync(`/proc/${engine}/cgroup`, 'utf8')).toContain(`wes-run-${runId}`);
        await client.cancelRun(runId);
        expect((await endOf(client, runId)).state).toBe('CANCELED');
      });
    },
    { extra: true },
  );
});

async function daemonOf(deployment: TestDeployment): Promise<number | undefined> {
  const found = (await deployment.processes('daemon')).filter((pid) =>
    commandLine(pid).split('\0').includes('daemon'),
  );
  return found.length === 1 ? found[0] : undefined;
}
