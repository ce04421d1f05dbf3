import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { WesClient } from '../../src/wes/client.ts';
import { createTestBucket, missingS3, type TestBucket } from '../support/buckets.ts';
import { testDatabases } from '../support/databases.ts';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { endOf, textOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, untilPrinted } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'cwl');
const { missing: missingCwltool } = await findCwltool();
const database = testDatabases.find(({ name }) => name === 'MariaDB');
const missing = missingS3 ?? database?.missing ?? missingCwltool;

describeWith('An API and a daemon that share a database and a bucket, but no disk', missing, () => {
  let bucket: TestBucket;
  let drop: () => Promise<void>;
  let apiHost: TestDeployment;
  let daemonHost: TestDeployment;
  let address: string;
  let client: WesClient;

  beforeAll(async () => {
    bucket = await createTestBucket();
    const created = await database?.create();
    if (created === undefined) throw new Error('MariaDB is one of the databases');
    drop = created.drop;
    const shared = {
      ...bucket.environment,
      DATABASE_URL: created.url,
      DAEMON_POLL_INTERVAL: '0.1',
      ENGINE_INSTALL_DIR: TEST_ENGINES,
    };
    apiHost = await TestDeployment.create(shared);
    daemonHost = await TestDeployment.create(shared);
    expect((await apiHost.run(['migrate'])).code).toBe(0);
    address = await addressOf(apiHost.start(['serve']));
    client = clientFor(address);
    await untilPrinted(daemonHost.start(['daemon']), 'cwltool');
  });
  afterAll(async () => {
    await apiHost.close();
    await daemonHost.close();
    await drop();
    await bucket.drop();
  });

  async function submit(name: string, ...more: readonly string[]): Promise<string> {
    const args = ['submit', join(EXAMPLES, name), '--server', address, ...more];
    const { code, stdout, stderr } = await apiHost.run(args);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.trim();
  }

  const submitExample = () =>
    submit('fastq-qc.cwl', '--inputs', join(EXAMPLES, 'fastq-qc.inputs.json'));

  test('the example runs, and its logs and outputs are read through the API', async () => {
    const runId = await submitExample();
    const run = await endOf(client, runId, 120_000);
    expect(run.state).toBe('COMPLETE');
    expect(await textOf(client, run.run_log.stderr)).toContain('completed success');

    const output = `${address}/ga4gh/wes/v1/runs/${runId}/outputs/report.tsv`;
    const whole = await (await fetch(output)).text();
    expect(whole).toContain('sample-1');
    const part = await fetch(output, { headers: { range: 'bytes=3-9' } });
    expect([part.status, await part.text()]).toEqual([206, whole.slice(3, 10)]);

    const names = await bucket.names();
    const ofRun = `${bucket.settings.prefix}/objects/runs/${runId}`;
    expect(names).toContain(`${ofRun}/attachments/fastq-qc.cwl`);
    expect(names).toContain(`${ofRun}/outputs/1/report.tsv`);
    for (const host of [apiHost, daemonHost])
      expect(existsSync(join(host.directory, 'data', 'storage'))).toBe(false);

    await client.removeRun(runId);
    await until(async () => (await bucket.names()).length === 0);
  });

  test('a log is read while it grows, and a cancelled run leaves nothing when it is removed', async () => {
    const runId = await submit('slow.cwl');
    const stubborn = await until(
      async () => {
        const { items } = await client.listTasks(runId);
        return items.find((task) => task.name === 'stubborn' && task.stdout);
      },
      { timeoutMs: 120_000, message: 'The task was not seen' },
    );
    const log = async () => await textOf(client, stubborn.stdout);
    const first = await until(log, { timeoutMs: 60_000 });
    const longer = await until(
      async () => {
        const now = await log();
        return now.length > first.length && now;
      },
      { timeoutMs: 60_000 },
    );
    expect(longer.startsWith(first)).toBe(true);
    await client.cancelRun(runId);
    expect((await endOf(client, runId)).state).toBe('CANCELED');
    expect((await log()).startsWith(longer)).toBe(true);
    await client.removeRun(runId);
    await until(async () => (await bucket.names()).length === 0);
  });

  test('downloads are sent to the bucket where the service is set up so', async () => {
    const runId = await submitExample();
    expect((await endOf(client, runId, 120_000)).state).toBe('COMPLETE');
    const presigning = await TestDeployment.create({
      ...apiHost.environment,
      S3_PRESIGNED_URLS: 'true',
    });
    try {
      const other = await addressOf(presigning.start(['serve']));
      const output = `${other}/ga4gh/wes/v1/runs/${runId}/outputs/report.tsv`;
      const sent = await fetch(output, { redirect: 'manual' });
      expect(sent.status).toBe(307);
      expect(sent.headers.get('location')).toContain(new URL(bucket.settings.endpoint).host);
      const direct = await (await fetch(output)).text();
      expect(direct).toContain('sample-1');

      const target = join(presigning.directory, 'downloads');
      const args = ['outputs', runId, '--server', other, '--download', target];
      expect((await presigning.run(args)).code).toBe(0);
      const downloaded = await readFile(join(target, 'report.tsv'), 'utf8');
      expect(digest(downloaded)).toBe(digest(direct));
    } finally {
      await presigning.close();
      await client.removeRun(runId);
    }
  });

  test('doctor looks at the bucket, and says what is wrong with it', async () => {
    const { stdout } = await apiHost.run(['doctor']);
    expect(stdout).toContain(`bucket ${bucket.settings.bucket} at ${bucket.settings.endpoint}`);
    const wrong = await TestDeployment.create({
      ...apiHost.environment,
      S3_BUCKET_NAME: 'no-such-bucket-anywhere',
    });
    try {
      const found = await wrong.run(['doctor']);
      expect(found.code).toBe(1);
      expect(found.stdout).toContain('there is no such bucket');
    } finally {
      await wrong.close();
    }
  });
});

function digest(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
