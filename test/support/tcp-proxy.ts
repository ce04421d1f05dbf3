import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A network between a client and a server on loopback, that can be cut. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks what is connected, and refuses what comes. */
  cut(): void;
  /** Swallows all bytes in both directions; new connections are taken and stay silent. */
  hang(): void;
  /** Hangs as soon as the client sent something like this; that still gets through. */
  hangAfter(pattern: RegExp): void;
  /** Lets everything through again; what hung is broken. */
  restore(): void;
  /** What connects from now on gets to another server. */
  turnTo(port: number): void;
  close(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let mode: 'through' | 'cut' | 'hang' = 'through';
  let trigger: RegExp | undefined;
  let port = targetPort;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    client.on('close', () => sockets.delete(client));
    if (mode === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    sockets.add(upstream);
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => {
      sockets.delete(upstream);
      client.destroy();
    });
    client.on('close', () => upstream.destroy());
    // A chunk that comes while it hangs is lost, and the connection is of no use any more.
    client.on('data', (chunk) => {
      if (mode === 'hang') return;
      upstream.write(chunk);
      if (!trigger?.test(chunk.toString('latin1'))) return;
      trigger = undefined;
      mode = 'hang';
    });
    upstream.on('data', (chunk) => mode === 'hang' || client.write(chunk));
  });
  const breakAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // listens on TCP
    cut: () => {
      mode = 'cut';
      breakAll();
    },
    hang: () => {
      mode = 'hang';
    },
    hangAfter: (pattern) => {
      trigger = pattern;
    },
    restore: () => {
      const hung = mode === 'hang';
      mode = 'through';
      if (hung) breakAll();
    },
    turnTo: (other) => {
      port = other;
    },
    close: async () => {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The same URL with another port of loopback. */
export function throughPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(port);
  return changed.href;
}
