import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UploadScanning } from '../../../src/api/context.ts';
import { createClamd } from '../../../src/scanning/clamd.ts';
import { createTestApi, PREFIX, type TestApi } from '../../support/api.ts';
import {
  EICAR,
  EICAR_SIGNATURE,
  missingClamd,
  startClamd,
  STREAM_MAX_BYTES,
  type ClamdServer,
} from '../../support/clamd-server.ts';
import { freePort } from '../../support/database-servers.ts';
import { attachment, CWL_FIELDS, formBody, type FormPart } from '../../support/multipart.ts';
import { describeWith } from '../../support/suite.ts';

let api: TestApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function apiWith(scanning: UploadScanning): Promise<TestApi> {
  api = await createTestApi({
    settings: { maxAttachmentBytes: 2 * STREAM_MAX_BYTES },
    adapt: (deps) => ({ ...deps, scanning }),
  });
  return api;
}

function submit(to: TestApi, ...parts: readonly FormPart[]) {
  return to.request({
    method: 'POST',
    url: `${PREFIX}/runs`,
    ...formBody([...CWL_FIELDS, ...parts]),
  });
}

async function expectNothingLeft({ storedKeys, get }: TestApi): Promise<void> {
  expect(await storedKeys()).toEqual([]);
  expect((await get('/runs')).body.runs).toEqual([]);
}

const WORKFLOW = attachment('main.cwl', 'the workflow');

describeWith('An attachment that is scanned by clamd', missingClamd, () => {
  let server: ClamdServer;
  beforeAll(async () => {
    server = await startClamd();
  });
  afterAll(() => server.stop());

  const scanning = (onFailure: UploadScanning['onFailure'] = 'refuse') => ({
    scanner: createClamd(server),
    onFailure,
  });

  it('is accepted when nothing is found in it, empty ones too', async () => {
    const to = await apiWith(scanning());
    const response = await submit(to, WORKFLOW, attachment('empty', ''));
    expect(response.status).toBe(200);
    expect(await to.storedKeys()).toHaveLength(2);
  });

  it('is refused when something is, with nothing left of the request, and the log names it', async () => {
    const to = await apiWith(scanning('accept'));
    const response = await submit(to, WORKFLOW, attachment('data/x.bin', EICAR));
    expect(response).toMatchObject({
      status: 400,
      body: {
        msg: `workflow_attachment: 'data/x.bin' was refused by the malware scanner: ${EICAR_SIGNATURE}`,
      },
    });
    await expectNothingLeft(to);
    expect(to.logs.filter(({ signature }) => signature === EICAR_SIGNATURE)).toMatchObject([
      { attachment: 'data/x.bin', owner: 'anonymous', run_id: expect.any(String) },
    ]);
  });

  it('may be the workflow itself, and is scanned each time that a submission is repeated', async () => {
    const to = await apiWith(scanning());
    const parts = [...CWL_FIELDS, attachment('main.cwl', EICAR)];
    for (const body of [formBody(parts), formBody(parts)]) {
      const headers = { ...body.headers, 'idempotency-key': 'one' };
      const request = { method: 'POST', url: `${PREFIX}/runs`, ...body, headers } as const;
      expect((await to.request(request)).status).toBe(400);
    }
    await expectNothingLeft(to);
  });

  it('is scanned over a socket of Unix too', async () => {
    const scanner = createClamd({ path: server.socketPath });
    const to = await apiWith({ scanner, onFailure: 'refuse' });
    expect((await submit(to, WORKFLOW)).status).toBe(200);
    expect((await submit(to, attachment('main.cwl', EICAR))).status).toBe(400);
  });

  it('that is larger than the scanner takes is refused, or accepted where that is set', async () => {
    const large = attachment(
      'large',
      Buffer.alloc(STREAM_MAX_BYTES + 1024, 'x').toString('latin1'),
    );
    const to = await apiWith(scanning());
    const response = await submit(to, WORKFLOW, large);
    expect(response).toMatchObject({
      status: 413,
      body: { msg: "workflow_attachment: 'large' is larger than the scanner takes" },
    });
    await expectNothingLeft(to);
    await to.close();
    expect((await submit(await apiWith(scanning('accept')), WORKFLOW, large)).status).toBe(200);
  });

  it('is known to be too large also where the scanner’s answer got lost with its connection', async () => {
    let connections = 0;
    const proxy = createServer((socket) => {
      connections += 1;
      if (connections > 1) return void pipeline(socket, connect(server), socket, () => undefined);
      let received = 0;
      socket.on('data', (bytes) => {
        received += bytes.byteLength;
        if (received > STREAM_MAX_BYTES) socket.resetAndDestroy();
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo; // it listens on TCP
    try {
      const scan = createClamd({ host: '127.0.0.1', port }).begin();
      const block = Buffer.alloc(1024 * 1024, 'x');
      const scanned = async () => {
        for (let sent = 0; sent <= STREAM_MAX_BYTES; sent += block.length) await scan.write(block);
        return await scan.finish();
      };
      await expect(scanned()).rejects.toMatchObject({ code: 'too_large' });
    } finally {
      proxy.close();
    }
  });
});

describeWith('A clamd that is killed while an attachment is scanned', missingClamd, () => {
  it('lets the request fail with 503, and nothing is left', async () => {
    const server = await startClamd();
    const clamd = createClamd(server);
    const scanner = {
      ...clamd,
      begin: () => {
        const scan = clamd.begin();
        return {
          write: async (bytes: Uint8Array) => {
            await scan.write(bytes);
            await server.stop();
          },
          finish: () => scan.finish(),
          abandon: () => scan.abandon(),
        };
      },
    };
    const to = await apiWith({ scanner, onFailure: 'refuse' });
    const response = await submit(to, attachment('main.cwl', 'x'.repeat(1_000_000)));
    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    await expectNothingLeft(to);
  });
});

describe('A scanner that is not there', () => {
  const absent = async () => createClamd({ host: '127.0.0.1', port: await freePort() });

  it('lets submissions with attachments fail with 503, others pass', async () => {
    const to = await apiWith({ scanner: await absent(), onFailure: 'refuse' });
    const response = await submit(to, WORKFLOW);
    expect(response.status).toBe(503);
    expect(response.body.msg).toContain("'main.cwl' could not be scanned for malware");
    await expectNothingLeft(to);
    const fields = CWL_FIELDS.filter(({ name }) => name !== 'workflow_url');
    const payload = [...fields, { name: 'workflow_url', value: 'https://example.org/main.cwl' }];
    const request = { method: 'POST', url: `${PREFIX}/runs`, ...formBody(payload) } as const;
    expect((await to.request(request)).status).toBe(200);
  });

  it('is passed over where that is set, and the log says so', async () => {
    const to = await apiWith({ scanner: await absent(), onFailure: 'accept' });
    expect((await submit(to, WORKFLOW)).status).toBe(200);
    expect(to.logs.map(({ msg }) => msg)).toContain('attachment could not be scanned');
  });

  it('fails its check', async () => {
    await expect((await absent()).check()).rejects.toThrow('no answer of the scanner');
  });
});
