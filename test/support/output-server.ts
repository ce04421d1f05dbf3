import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.ts';

/** How the next answers with a file go; each is taken once, and then answers are whole. */
export type Fault =
  /** The connection is destroyed when so many bytes of the answer's body have arrived. */
  { readonly breakAfter: number } | { readonly status: number } | { readonly hold: Promise<void> };

export interface OutputServer {
  readonly url: string;
  /** What was asked for: `x` or `x bytes=5-`. */
  readonly asked: readonly string[];
  readonly ifRanges: readonly (string | undefined)[];
  /** Most answers that were under way at once. */
  readonly mostAtOnce: () => number;
  /** How much of the file has arrived at the client: what is under way gets lost with its connection. */
  arrived: () => number;
  /** False for a server that knows no ranges. */
  knowsRanges: boolean;
  put(path: string, content: string): void;
  fail(path: string, ...faults: readonly Fault[]): void;
  close(): Promise<void>;
}

const RUN = '/ga4gh/wes/v1/runs/r1';

/**
 * A WES server of one run, whose outputs it lists and gives with ranges: one that breaks its connections
 * as a test says.
 */
export async function startOutputServer({ withChecksums = true } = {}): Promise<OutputServer> {
  const files = new Map<string, string>();
  const faults = new Map<string, Fault[]>();
  const asked: string[] = [];
  const ifRanges: (string | undefined)[] = [];
  let underWay = 0;
  let most = 0;
  const state = { knowsRanges: true, arrived: () => 0 };
  const list = () =>
    [...files].map(([path, content]) => ({
      path,
      size: Buffer.byteLength(content),
      checksum: withChecksums ? `sha256:${digest(content)}` : '',
      media_type: 'text/plain',
      url: `${RUN}/outputs/${encodeURIComponent(path)}`,
    }));

  async function give(request: IncomingMessage, response: ServerResponse, path: string) {
    const { range, 'if-range': ifRange } = request.headers;
    asked.push(range === undefined ? path : `${path} ${range}`);
    ifRanges.push(typeof ifRange === 'string' ? ifRange : undefined);
    const fault = faults.get(path)?.shift();
    if (fault && 'status' in fault) return void response.writeHead(fault.status).end('{}');
    const content = Buffer.from(files.get(path) ?? '');
    const etag = `"${digest(content)}"`;
    const isSame = ifRange === undefined || ifRange === etag;
    const start = state.knowsRanges && isSame ? startOf(range) : 0;
    writeHead(response, etag, start, content.length);
    await send(response, content, start, fault);
  }

  async function send(response: ServerResponse, content: Buffer, start: number, fault?: Fault) {
    if (fault && 'hold' in fault) await fault.hold;
    if (!fault || !('breakAfter' in fault)) return void response.end(content.subarray(start));
    const part = content.subarray(start, start + fault.breakAfter);
    if (part.length > 0) response.write(part);
    await until(() => state.arrived() >= start + part.length);
    response.destroy();
  }

  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    if (path === `${RUN}/outputs`) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ outputs: list(), next_page_token: '' }));
      return;
    }
    underWay += 1;
    most = Math.max(most, underWay);
    response.once('close', () => (underWay -= 1));
    void give(request, response, decodeURIComponent(path.slice(`${RUN}/outputs/`.length)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}/ga4gh/wes/v1`,
    asked,
    ifRanges,
    mostAtOnce: () => most,
    put: (path: string, content: string) => void files.set(path, content),
    fail: (path: string, ...more: readonly Fault[]) =>
      void faults.set(path, [...(faults.get(path) ?? []), ...more]),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

function startOf(range: string | undefined): number {
  return Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
}

function writeHead(response: ServerResponse, etag: string, start: number, total: number): void {
  const head = { etag, 'content-length': total - start };
  const part = { 'content-range': `bytes ${start}-${total - 1}/${total}` };
  response.writeHead(start > 0 ? 206 : 200, start > 0 ? { ...head, ...part } : head);
  response.flushHeaders();
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
