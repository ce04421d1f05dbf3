import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { logBlocks, type LogOrder } from '../support/log-blocks.ts';
import { endOf, textOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, untilPrinted } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 240_000 });

const { missing } = await findCwltool();
const LIMIT = 1_000_000;
const END = LIMIT / 4;
const WRITER = join(import.meta.dirname, '..', 'support', 'log-writer.ts');
const ORDER: LogOrder = { kind: 'one line', sizeBytes: 8 * LIMIT, bytesPerSecond: LIMIT };
const SOURCE = Buffer.concat([...logBlocks(ORDER)]).toString();

/** The same twice: one on the task's log, one on an output of the workflow. */
const TOOL = {
  cwlVersion: 'v1.2',
  class: 'CommandLineTool',
  baseCommand: [process.execPath, WRITER],
  inputs: {},
  arguments: [JSON.stringify(ORDER)],
};
const STORED = { ...TOOL, stdout: 'stored.txt', outputs: { stored: { type: 'stdout' } } };

describeWith('A log larger than LOG_MAX_SIZE', missing, () => {
  test('is followed with a mark and its end, over the death of a daemon; outputs are whole', async () => {
    const deployment = await TestDeployment.create({
      ENGINE_INSTALL_DIR: TEST_ENGINES,
      LOG_MAX_SIZE: String(LIMIT),
      RUN_CORES: '4',
    });
    const directory = mkdtempSync(join(tmpdir(), 'wes-log-limit-'));
    try {
      await deployment.run(['migrate']);
      const address = await addressOf(deployment.start(['serve']));
      const client = clientFor(address);
      const daemon = deployment.start(['daemon']);
      await untilPrinted(daemon, 'cwltool');
      const submit = async (tool: object): Promise<string> => {
        const file = join(directory, 'main.cwl');
        writeFileSync(file, JSON.stringify(tool));
        return (await deployment.run(['submit', file, '--server', address])).stdout.trim();
      };
      const logged = await submit({ ...TOOL, outputs: {} });
      const stored = await submit(STORED);
      const log = await until(async () => (await client.listTasks(logged)).items[0]?.stdout, {
        timeoutMs: 60_000,
      });
      const chunks: Uint8Array[] = [];
      const followed = (async () => {
        for await (const chunk of (await client.followLog(log)) ?? []) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      })();
      const received = () => Buffer.concat(chunks).toString();
      // The mark is seen while the task still writes.
      await until(() => received().includes('LOG_MAX_SIZE'), { timeoutMs: 60_000 });
      daemon.signal('SIGKILL');
      await daemon.ended;
      await untilPrinted(deployment.start(['daemon']), 'cwltool');
      for (const runId of [logged, stored]) {
        expect((await endOf(client, runId, 120_000)).state).toBe('COMPLETE');
      }
      const text = await followed;
      expect(await textOf(client, log)).toBe(text);
      expect(text.slice(0, LIMIT)).toBe(SOURCE.slice(0, LIMIT));
      expect(text.slice(-END)).toBe(SOURCE.slice(-END));
      expect(text.slice(LIMIT, -END)).toMatch(
        new RegExp(
          `^\\n… the log is larger .*\\n… ${SOURCE.length - LIMIT - END} bytes left out here …\\n$`,
        ),
      );
      expect(await textOf(client, `${log}?tail=1`)).toBe(SOURCE.slice(-END));
      const output = `${address}/ga4gh/wes/v1/runs/${stored}/outputs/stored.txt`;
      expect((await textOf(client, output)) === SOURCE).toBe(true);
    } finally {
      rmSync(directory, { recursive: true, force: true });
      await deployment.close();
    }
  });
});
