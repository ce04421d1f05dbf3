import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createParser } from 'eventsource-parser';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { WesClient } from '../../src/wes/client.ts';
import { createTestBucket, missingS3, type TestBucket } from '../support/buckets.ts';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { digestOf, type LogKind, type LogOrder } from '../support/log-blocks.ts';
import { endOf } from '../support/runs.ts';
import {
  addressOf,
  clientFor,
  TestDeployment,
  untilPrinted,
  type ServerProcess,
} from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

/** How much a task writes at 50 MB/s; the longer, the surer that memory is flat. */
const MEGABYTES = Number(process.env.LOG_SCENARIO_MEGABYTES ?? '400');
const MEGABYTE = 1_000_000;
const PACE = 50 * MEGABYTE;
/** What following may take of memory, however large the log: much of it is garbage that nobody needs to collect yet. */
const MOST_MEBIBYTES = 250;
const WRITER = join(import.meta.dirname, '..', 'support', 'log-writer.ts');

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000 + MEGABYTES * 500, hookTimeout: 180_000 });

const { missing: missingCwltool } = await findCwltool();

interface Received {
  readonly sizeBytes: number;
  readonly sha256: string;
}

interface Following {
  received(): number;
  readonly end: Promise<Received>;
}

const PLACES = [
  { name: 'local files', missing: missingCwltool, megabytes: MEGABYTES, isBucket: false },
  {
    name: 'a bucket',
    missing: missingS3 ?? missingCwltool,
    megabytes: MEGABYTES / 4,
    isBucket: true,
  },
] as const;

for (const { name, missing, megabytes, isBucket } of PLACES) {
  describeWith(`The log of a task that writes 50 MB/s, stored in ${name}`, missing, () => {
    let bucket: TestBucket | undefined;
    let deployment: TestDeployment;
    let directory: string;
    let address: string;
    let client: WesClient;
    let api: ServerProcess;
    let daemon: ServerProcess;
    let idle: number;

    beforeAll(async () => {
      bucket = isBucket ? await createTestBucket() : undefined;
      directory = mkdtempSync(join(tmpdir(), 'wes-logs-'));
      deployment = await TestDeployment.create({
        ...bucket?.environment,
        ENGINE_INSTALL_DIR: TEST_ENGINES,
        DAEMON_POLL_INTERVAL: '0.1',
      });
      await deployment.run(['migrate']);
      api = deployment.start(['serve']);
      address = await addressOf(api);
      client = clientFor(address);
      daemon = await startDaemon();
      idle = process.platform === 'linux' ? mebibytes(api, 'VmRSS') : 0;
    });
    afterAll(async () => {
      await deployment.close();
      rmSync(directory, { recursive: true, force: true });
      await bucket?.drop();
    });

    async function startDaemon(): Promise<ServerProcess> {
      const started = deployment.start(['daemon']);
      await untilPrinted(started, 'cwltool');
      return started;
    }

    async function submit(order: LogOrder): Promise<{ runId: string; log: string }> {
      const file = join(directory, 'main.cwl');
      writeFileSync(file, JSON.stringify(writing(order)));
      const { stdout, stderr } = await deployment.run(['submit', file, '--server', address]);
      expect(stderr).toBe('');
      const runId = stdout.trim();
      const log = await until(async () => (await client.listTasks(runId)).items[0]?.stdout, {
        timeoutMs: 60_000,
        message: 'The task was not seen',
      });
      return { runId, log };
    }

    function expectFlat(): void {
      if (process.platform !== 'linux') return;
      const most = [api, daemon].map((one) => mebibytes(one, 'VmHWM'));
      const figures = `MiB: ${most.join(' and ')}, ${idle} before`;
      expect(Math.max(...most) - idle, figures).toBeLessThan(MOST_MEBIBYTES);
    }

    const orderOf = (kind: LogKind, size = megabytes): LogOrder => ({
      kind,
      sizeBytes: size * MEGABYTE,
      bytesPerSecond: PACE,
    });

    async function expectWhole(order: LogOrder, runId: string, all: readonly Received[]) {
      const end = await endOf(client, runId, 120_000);
      expect(end.state).toBe('COMPLETE');
      const source = { sizeBytes: order.sizeBytes, sha256: digestOf(order) };
      const log = (await client.listTasks(runId)).items[0]?.stdout ?? '';
      const stored = await digested((await client.read(log)).body ?? []);
      expect([...all, stored]).toEqual([...all, stored].map(() => source));
      await client.removeRun(runId);
    }

    test.each<LogKind>(['lines', 'one line', 'binary', 'broken text'])(
      'is followed to its end without a lost byte: %s',
      async (kind) => {
        const order = orderOf(kind, kind === 'lines' ? megabytes : megabytes / 4);
        const { runId, log } = await submit(order);
        const all = [await followTyped(client, log), followPlain(log)];
        const received = await Promise.all(all.map(({ end }) => end));
        await expectWhole(order, runId, received);
        expectFlat();
      },
    );

    test('loses nothing when its daemon is killed in the middle', async () => {
      const order = orderOf('lines', MEGABYTES);
      const { runId, log } = await submit(order);
      const all = [await followTyped(client, log), followPlain(log)];
      await until(() => all.every((one) => one.received() > 0), { timeoutMs: 60_000 });
      daemon.signal('SIGKILL');
      await daemon.ended;
      daemon = await startDaemon();
      const received = await Promise.all(all.map(({ end }) => end));
      expect((await client.getRunLog(runId)).run_log.system_logs?.join()).toContain('taken over');
      await expectWhole(order, runId, received);
      expectFlat();
    });
  });
}

function writing(order: LogOrder) {
  return {
    cwlVersion: 'v1.2',
    class: 'CommandLineTool',
    baseCommand: [process.execPath, WRITER],
    arguments: [JSON.stringify(order)],
    inputs: {},
    outputs: {},
  };
}

async function followTyped(client: WesClient, log: string): Promise<Following> {
  const bytes = await client.followLog(log);
  if (bytes === undefined) throw new Error('the log can not be followed');
  return following(bytes);
}

/** As a program would that knows of the stream no more than docs/api.md says. */
function followPlain(log: string): Following {
  return following(bytesOfEvents(`${log}?follow`));
}

async function* bytesOfEvents(url: string): AsyncGenerator<Uint8Array, void, undefined> {
  const { body } = await fetch(url);
  const events: { readonly event?: string | undefined; readonly data: string }[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder();
  let at = 0;
  for await (const chunk of body ?? []) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const { event, data } of events.splice(0)) {
      const place = JSON.parse(data) as { offset?: number; text?: string; base64?: string };
      if (event === 'end') return;
      expect([event, place.offset]).toEqual(['log', at]);
      const bytes = Buffer.from(
        place.text ?? place.base64 ?? '',
        place.text === undefined ? 'base64' : 'utf8',
      );
      at += bytes.length;
      yield bytes;
    }
  }
  throw new Error('the stream broke off');
}

function following(chunks: AsyncIterable<Uint8Array>): Following {
  let sizeBytes = 0;
  const counted = async function* () {
    for await (const chunk of chunks) {
      sizeBytes += chunk.byteLength;
      yield chunk;
    }
  };
  return { received: () => sizeBytes, end: digested(counted()) };
}

async function digested(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Received> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** Resident memory in MiB (proc_pid_status(5)): now, or the most since the process began. */
function mebibytes({ pid }: ServerProcess, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}
