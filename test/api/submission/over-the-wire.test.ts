import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestApi, PREFIX, type TestApi } from '../../support/api.ts';
import { attachment, CWL_FIELDS, formBody } from '../../support/multipart.ts';
import { until } from '../../support/until.ts';

let api: TestApi;
let server: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  api = await createTestApi({ settings: { maxAttachmentBytes: 64 * 1024 * 1024 } });
  server = await api.listen();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api.close();
});

function openSocket(): Socket {
  const socket = connect(Number(new URL(server).port), '127.0.0.1');
  sockets.push(socket);
  return socket;
}

function requestHead(length: number, headers: readonly string[]): string {
  const lines = [`POST ${PREFIX}/runs HTTP/1.1`, 'Host: wes.test', `Content-Length: ${length}`];
  return `${[...lines, ...headers].join('\r\n')}\r\n\r\n`;
}

/** Sends a request as it is written here and gives status and body of the answer. */
async function exchange(request: Uint8Array | string) {
  const socket = openSocket();
  socket.write(request);
  let answer = '';
  for await (const chunk of socket) {
    answer += String(chunk);
    const [head = '', body] = answer.split('\r\n\r\n');
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    if (body !== undefined && body.length >= Number(length ?? 0)) break;
  }
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, body: JSON.parse(body) };
}

describe('a client that goes away while it sends attachments', () => {
  it('leaves nothing behind', async () => {
    const { headers, payload } = formBody([
      attachment('first.bin', Buffer.alloc(1024 * 1024)),
      attachment('second.bin', Buffer.alloc(8 * 1024 * 1024)),
      ...CWL_FIELDS,
    ]);
    const socket = openSocket();
    const type = `Content-Type: ${headers['content-type']}`;
    socket.write(requestHead(payload.length, [type]));
    socket.write(payload.subarray(0, 4 * 1024 * 1024));
    await until(async () => (await api.storedKeys()).length === 1, { timeoutMs: 10_000 });
    socket.destroy();
    await until(async () => (await api.storedKeys()).length === 0, { timeoutMs: 10_000 });
    expect((await api.get('/runs')).body.runs).toEqual([]);
    await until(async () => api.logs.some(({ msg }) => msg === 'request aborted by the client'), {
      timeoutMs: 10_000,
    });
  });
});

describe('a form that is refused in the middle', () => {
  it('gets its answer although the client sends on, and the connection serves the next request', async () => {
    const { headers, payload } = formBody([
      attachment('../bad.bin', Buffer.alloc(20 * 1024 * 1024)),
      ...CWL_FIELDS,
    ]);
    const response = await fetch(`${server}${PREFIX}/runs`, {
      method: 'POST',
      headers,
      body: new Uint8Array(payload),
    });
    expect(response.status).toBe(400);
    const body = (await response.json()) as { msg: string };
    expect(body.msg).toContain("'../bad.bin'");
    api.check({ method: 'POST', path: '/runs', status: 400, body });
    expect((await fetch(`${server}${PREFIX}/runs`)).status).toBe(200);
  });

  it('that never ends is cut off', async () => {
    const { headers } = formBody([]);
    const socket = openSocket();
    socket.on('error', () => undefined);
    const type = `Content-Type: ${headers['content-type']}`;
    socket.write(requestHead(1024 ** 4, [type]));
    const { payload } = formBody([attachment('/bad', '')]);
    socket.write(payload.subarray(0, payload.indexOf('\r\n\r\n') + 4));
    const chunk = Buffer.alloc(1024 * 1024);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const send = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', send);
    socket.resume();
    send();
    await closed;
    expect(socket.bytesWritten).toBeLessThan(200 * 1024 * 1024);
  });
});

describe('a large attachment', () => {
  it('is stored whole', async () => {
    const size = 48 * 1024 * 1024;
    const { headers, payload } = formBody([
      ...CWL_FIELDS,
      attachment('main.cwl', Buffer.alloc(size)),
    ]);
    const response = await fetch(`${server}${PREFIX}/runs`, {
      method: 'POST',
      headers,
      body: new Uint8Array(payload),
    });
    const { run_id: runId } = (await response.json()) as { run_id: string };
    expect(await api.store.listAttachments(runId)).toMatchObject([{ sizeBytes: size }]);
  });
});

describe('a request with two Content-Type headers', () => {
  const { headers, payload } = formBody([...CWL_FIELDS, attachment('main.cwl')]);
  const good = headers['content-type'] ?? '';

  it.each([
    ['the second has the boundary', ['Content-Type: multipart/form-data', `Content-Type: ${good}`]],
    ['the first is another type', ['Content-Type: application/json', `Content-Type: ${good}`]],
    ['a proxy joined them', [`Content-Type: multipart/form-data, ${good}`]],
    ['the first has it', [`Content-Type: ${good}`, 'Content-Type: multipart/form-data']],
  ])('is read by the one with a boundary: %s', async (_what, types) => {
    const request = Buffer.concat([Buffer.from(requestHead(payload.length, types)), payload]);
    const response = await exchange(request);
    expect(response).toMatchObject({ status: 200, body: { run_id: expect.any(String) } });
  });
});

describe('what is no HTTP', () => {
  it.each([
    ['GET / HTTP/9.9\r\n\r\n', 400],
    ['NONSENSE\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('is answered in the form of the standard: %j', async (request, status) => {
    const response = await exchange(request);
    expect(response).toMatchObject({ status, body: { status_code: status } });
    api.check({ method: 'GET', path: '/none', status, body: response.body });
  });

  it('a request without Host gets addresses that lead to the service', async () => {
    const runId = await api.addRun();
    const { body } = await exchange(`GET ${PREFIX}/runs/${runId} HTTP/1.0\r\n\r\n`);
    expect(body.task_logs_url).toBe(`${server}${PREFIX}/runs/${runId}/tasks`);
  });

  it.each(['evil/../path', 'a b', '"><script>', 'x@y'])(
    'Host %j gets into no address',
    async (host) => {
      const runId = await api.addRun();
      const { body } = await exchange(
        `GET ${PREFIX}/runs/${runId} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      );
      expect(body.task_logs_url).toBe(`${server}${PREFIX}/runs/${runId}/tasks`);
    },
  );
});
