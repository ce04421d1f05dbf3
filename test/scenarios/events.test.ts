import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunEvent } from '../../src/wes/reading-events.ts';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { endOf, submitFake } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, untilPrinted } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const tasks = [1, 2, 3].map((n) => ({ name: `step${n}`, seconds: 0.4 }));
const portOf = (address: string): number => Number(new URL(address).port);

describe('events of runs', () => {
  let deployment: TestDeployment;

  beforeEach(async () => {
    deployment = await TestDeployment.create({ EXECUTOR: 'fake', DAEMON_POLL_INTERVAL: '0.1' });
    await deployment.run(['migrate']);
    deployment.start(['daemon']);
  });
  afterEach(() => deployment.close());

  test('are all told, each once, though the server is killed and another goes on', async () => {
    const [first, second] = [deployment.start(['serve']), deployment.start(['serve'])];
    const ports = [portOf(await addressOf(first)), portOf(await addressOf(second))];
    const proxy = await startTcpProxy(ports[0] ?? 0);
    try {
      const client = clientFor(`http://127.0.0.1:${proxy.port}`);
      const all: RunEvent[] = [];
      const controller = new AbortController();
      const following = (async () => {
        const events = await client.events(undefined, { signal: controller.signal });
        for await (const event of events ?? []) all.push(event);
      })();
      following.catch(() => undefined);
      const before = await submitFake(client, { seconds: 0.1 });
      // What is told is from now on: it may have begun after the first run.
      await until(() => all.length > 0, { timeoutMs: 60_000 });
      const runId = await submitFake(client, { tasks });
      const own: RunEvent[] = [];
      const watching = (async () => {
        for await (const event of (await client.events(runId)) ?? []) own.push(event);
      })();
      await until(() => own.some(({ type }) => type === 'task'), { timeoutMs: 60_000 });
      proxy.turnTo(ports[1] ?? 0);
      first.signal('SIGKILL');
      await watching;
      const isTold = ({ type, runId: of }: RunEvent) => type === 'state' && of === runId;
      await until(() => all.some((e) => isTold(e) && e.type === 'state' && e.to === 'COMPLETE'), {
        timeoutMs: 60_000,
      });
      const ends = own.flatMap((e) => (e.type === 'task' && e.task.end_time ? [e.task.name] : []));
      expect(ends).toEqual(['step1', 'step2', 'step3']);
      const history = (await client.getHistory(runId)).history.map(({ to }) => to);
      expect(own.flatMap((e) => (e.type === 'state' ? [e.to] : []))).toEqual(history);
      expect(own.at(-1)).toEqual({ type: 'end', runId, state: 'COMPLETE' });
      const ofRun = all.filter((event) => event.runId === runId);
      // A task that began and ended between two looks is told once: who looked when differs.
      expect(latest(ofRun)).toEqual(latest(own.slice(0, -1)));
      expect(all.some((event) => event.runId === before)).toBe(true);
      controller.abort();
    } finally {
      await proxy.close();
    }
  });

  test('are what wes watch shows, and it asks again and again where a server has none', async () => {
    const address = await addressOf(deployment.start(['serve']));
    const { asked, ...older } = await startOlderServer(address);
    try {
      const client = clientFor(address);
      const all = deployment.start(['watch', '--server', address]);
      // It tells of what comes after it has begun.
      const isTelling = async () => {
        await endOf(client, await submitFake(client, { seconds: 0.1 }));
        return all.stdout().includes('COMPLETE');
      };
      await until(isTelling, { timeoutMs: 60_000 });
      const runId = await submitFake(client, { tasks });
      const watched = await Promise.all(
        [address, older.address].map((server) =>
          deployment.run(['watch', runId, '--server', server]),
        ),
      );
      for (const { code, stdout } of watched) {
        expect(code).toBe(0);
        expect(stdout).toContain(`run ${runId} COMPLETE`);
        expect(stdout).toContain('step3 complete (exit code 0)');
      }
      expect(asked.filter((path) => path.endsWith('/events'))).toHaveLength(1);
      expect(asked.filter((path) => path.endsWith('/status')).length).toBeGreaterThan(0);
      await untilPrinted(all, `run ${runId} COMPLETE`);
      all.signal('SIGINT');
      expect(await all.ended).toBe(130);
    } finally {
      await older.close();
    }
  });
});

const { missing } = await findCwltool();

describeWith('events of CWL', missing, () => {
  let deployment: TestDeployment;

  beforeEach(async () => {
    deployment = await TestDeployment.create({ ENGINE_INSTALL_DIR: TEST_ENGINES });
  });
  afterEach(() => deployment.close());

  test('tell of each of its tasks that it began and how it ended', async () => {
    const address = await addressOf(deployment.start(['up']));
    const example = join(import.meta.dirname, '..', '..', 'examples', 'cwl', 'fastq-qc');
    const args = [`${example}.cwl`, '--inputs', `${example}.inputs.json`, '--server', address];
    const { code, stdout } = await deployment.run(['submit', ...args, '--wait']);
    expect(code).toBe(0);
    const runId = /Submitted as (\S+)/.exec(stdout)?.[1] ?? '';
    const client = clientFor(address);
    const told = new Map<string, number | undefined>();
    for await (const event of (await client.events(runId)) ?? []) {
      if (event.type === 'task') told.set(event.task.id, event.task.exit_code);
    }
    const { items } = await client.listTasks(runId, { pageSize: 1000 });
    expect(items.length).toBeGreaterThan(0);
    expect([...told]).toEqual(
      expect.arrayContaining(items.map(({ id, exit_code: exitCode }) => [id, exitCode])),
    );
    expect(told.size).toBe(items.length);
    expect(stdout).toContain(`run ${runId} COMPLETE`);
  });
});

/** Of each task what was told last, and of states everything. */
function latest(events: readonly RunEvent[]): readonly RunEvent[] {
  const byKey = new Map<string, RunEvent>();
  for (const event of events) {
    const key = event.type === 'task' ? `task ${event.task.id}` : JSON.stringify(event);
    byKey.delete(key);
    byKey.set(key, event);
  }
  return [...byKey.values()];
}

/** The server as it was before it had events: all else is passed on. */
async function startOlderServer(address: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '/';
      asked.push(path);
      const isNew = path.endsWith('/events');
      const answer = isNew ? undefined : await fetch(address + path);
      response.writeHead(answer?.status ?? 404, { 'content-type': 'application/json' });
      response.end(answer === undefined ? '{}' : Buffer.from(await answer.arrayBuffer()));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // listens on TCP
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
