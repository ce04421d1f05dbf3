import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a file server was asked for. */
export interface FileRequest {
  readonly path: string;
  readonly range?: string;
  readonly headers: IncomingMessage['headers'];
}

export interface ServedFile {
  readonly content: Buffer | string;
  /** As in the header, with its quotes; none without. */
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is reset after so many bytes of the answers with these numbers (from 1). */
  readonly breaks?: { readonly after: number; readonly answers: readonly number[] };
  /** Neither length nor ranges. */
  readonly isStream?: boolean;
}

type Behaviour = ServedFile | ((request: FileRequest, response: ServerResponse) => void);

export interface FileServer {
  readonly url: string;
  readonly requests: readonly FileRequest[];
  /** What is at a path from now on. */
  serve(path: string, behaviour: Behaviour): void;
  /** Requests of a path. */
  asked(path: string): number;
  close(): Promise<void>;
}

/** A web server with files and faults, on loopback. */
export async function startFileServer(host = '127.0.0.1'): Promise<FileServer> {
  const files = new Map<string, Behaviour>();
  const requests: FileRequest[] = [];
  const asked = (path: string): number => requests.filter((one) => one.path === path).length;
  const server = createServer((incoming, response) => {
    const path = (incoming.url ?? '/').split('?')[0] ?? '/';
    const { range } = incoming.headers;
    const request = { path, headers: incoming.headers, ...(range !== undefined && { range }) };
    requests.push(request);
    const behaviour = files.get(path);
    if (behaviour === undefined) response.writeHead(404).end('not here');
    else if (typeof behaviour === 'function') behaviour(request, response);
    else send(behaviour, request, response, asked(path));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://${host}:${port}`,
    requests,
    serve: (path, behaviour) => void files.set(path, behaviour),
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(file: ServedFile, request: FileRequest, response: ServerResponse, answer: number) {
  const content = Buffer.from(file.content);
  const ifRange = request.headers['if-range'];
  const start = Number(/^bytes=(\d+)-$/.exec(request.range ?? '')?.[1] ?? 0);
  const isPart = start > 0 && file.isStream !== true && (ifRange ?? file.etag) === file.etag;
  const rest = isPart ? content.subarray(start) : content;
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(isPart ? 206 : 200, {
    ...(file.etag !== undefined && { etag: file.etag }),
    ...(file.isStream !== true && { 'content-length': rest.length }),
    ...(isPart && { 'content-range': range }),
    ...file.headers,
  });
  if (file.breaks?.answers.includes(answer) === true) {
    response.write(rest.subarray(0, file.breaks.after), () => response.destroy());
  } else response.end(rest);
}
