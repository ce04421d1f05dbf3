import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  EICAR,
  EICAR_SIGNATURE,
  missingClamd,
  startClamd,
  type ClamdServer,
} from '../support/clamd-server.ts';
import { addressOf, TestDeployment, type ServerProcess } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const MEBIBYTE = 1024 * 1024;
/** Of one attachment; what the API's memory grows by has nothing to do with it. */
const ATTACHMENT_BYTES = 200 * MEBIBYTE;
const MOST_GROWN_MEBIBYTES = 120;
const BOUNDARY = 'scanned-upload';

describeWith('A service that scans attachments', missingClamd, () => {
  let clamd: ClamdServer;
  let deployment: TestDeployment;
  let api: ServerProcess;
  let address: string;

  beforeAll(async () => {
    clamd = await startClamd();
    deployment = await TestDeployment.create({
      EXECUTOR: 'fake',
      UPLOAD_SCANNER: `clamd://${clamd.host}:${clamd.port}`,
    });
    await deployment.run(['migrate']);
    api = deployment.start(['serve']);
    address = await addressOf(api);
  });
  afterAll(async () => {
    await deployment.close();
    await clamd.stop();
  });

  test('passes large ones through storage and scanner at once, in flat memory', async () => {
    const before = mebibytes(api, 'VmRSS');
    const response = await submit(address, ATTACHMENT_BYTES, '');
    expect(response.status).toBe(200);
    const grown = mebibytes(api, 'VmHWM') - before;
    expect(process.platform !== 'linux' || grown < MOST_GROWN_MEBIBYTES, `${grown} MiB`).toBe(true);
  });

  test('finds something at the end of a large one too', async () => {
    const response = await submit(address, MEBIBYTE, EICAR);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(EICAR_SIGNATURE);
    expect(api.stderr()).toContain(EICAR_SIGNATURE);
  });

  test('is ready, and well in the eyes of doctor, only while its scanner answers', async () => {
    expect(await (await fetch(`${address}/readyz`)).json()).toMatchObject({
      checks: { scanner: 'ok' },
    });
    expect((await deployment.run(['doctor'])).stdout).toContain('UPLOAD_SCANNER_FAILURE=refuse');
    await clamd.stop();
    const unready = await fetch(`${address}/readyz`);
    expect(unready.status).toBe(503);
    expect(await unready.json()).toMatchObject({ checks: { scanner: 'failed', storage: 'ok' } });
    const found = await deployment.run(['doctor']);
    expect(found.code).toBe(1);
    expect(found.stdout).toContain('no answer of the scanner');
  });
});

test('An UPLOAD_SCANNER that can not be read is refused at the start', async () => {
  const deployment = await TestDeployment.create({ UPLOAD_SCANNER: 'localhost:3310' });
  try {
    await deployment.run(['migrate']);
    const { code, stderr } = await deployment.run(['serve']);
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      "UPLOAD_SCANNER: 'localhost:3310' is not of the form clamd://host:port",
    );
  } finally {
    await deployment.close();
  }
});

/** A form with one attachment of so many bytes and this at its end, sent as it is made. */
async function submit(address: string, sizeBytes: number, end: string): Promise<Response> {
  return await fetch(`${address}/ga4gh/wes/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Readable.toWeb(Readable.from(form(sizeBytes, end))) as ReadableStream, // the same in two libraries' types
    duplex: 'half',
  });
}

function* form(sizeBytes: number, end: string): Generator<Buffer> {
  const part = (rest: string) =>
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${rest}`);
  yield part('name="workflow_type"\r\n\r\nFAKE\r\n');
  yield part('name="workflow_type_version"\r\n\r\n1.0\r\n');
  yield part('name="workflow_url"\r\n\r\nmain\r\n');
  yield part('name="workflow_attachment"; filename="main"\r\n\r\n');
  const block = Buffer.alloc(MEBIBYTE, 'x');
  for (let sent = 0; sent < sizeBytes; sent += block.length) yield block;
  yield Buffer.from(`${end}\r\n--${BOUNDARY}--\r\n`);
}

function mebibytes({ pid }: ServerProcess, field: 'VmRSS' | 'VmHWM'): number {
  if (process.platform !== 'linux') return 0;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}
