import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';

/** What a scripted server was asked. */
export interface RecordedRequest {
  readonly method: string;
  /** Path with the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** An answer: JSON unless it is a string; or what makes the answer for a request. */
export type Script =
  ScriptedAnswer | ((request: RecordedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>);

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Answers `METHOD /path` (without the query) from now on. */
  on(route: string, script: Script): void;
  close(): Promise<void>;
}

/** A real HTTP server that answers as a test says, for servers that are not ours. */
export async function startScriptedServer(
  scripts: Readonly<Record<string, Script>> = {},
): Promise<ScriptedServer> {
  const routes = new Map<string, Script>(Object.entries(scripts));
  const requests: RecordedRequest[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      const path = incoming.url ?? '/';
      const method = incoming.method ?? 'GET';
      const request = { method, path, headers: incoming.headers, body: await buffer(incoming) };
      requests.push(request);
      const script = routes.get(`${method} ${path.split('?')[0]}`) ?? { status: 404, body: {} };
      const answer = typeof script === 'function' ? await script(request) : script;
      response.writeHead(answer.status ?? 200, answer.headers);
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    on: (route, script) => void routes.set(route, script),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
