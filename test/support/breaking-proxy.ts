import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A bad network between a client and a server on loopback. */
export interface BreakingProxy {
  readonly port: number;
  /** Connections that were made so far. */
  connections(): number;
  /** Each of the next `times` connections on which so many bytes went this way breaks there. */
  breakAfter(way: 'to server' | 'to client', bytes: number, times?: number): void;
  /** As `breakAfter`, but the connection stays open and silent. */
  silenceAfter(way: 'to server' | 'to client', bytes: number, times?: number): void;
  /** Called once, before the connection breaks or falls silent. */
  whenBroken(act: () => Promise<void>): void;
  /** Lets everything pass in pieces of so many bytes, one after another each turn of the timers. */
  slowDown(pieceBytes: number): void;
  close(): Promise<void>;
}

interface Fault {
  readonly way: 'to server' | 'to client';
  readonly bytes: number;
  readonly kind: 'break' | 'silence';
  timesLeft: number;
}

export async function startBreakingProxy(targetPort: number): Promise<BreakingProxy> {
  const sockets = new Set<Socket>();
  let fault: Fault | undefined;
  let act: (() => Promise<void>) | undefined;
  let pieceBytes = Infinity;
  let count = 0;

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  }

  /** Passes bytes until the fault is due. */
  function network(way: Fault['way'], client: Socket, upstream: Socket): Transform {
    let passed = 0;
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const due = fault?.way === way && passed + chunk.length >= fault.bytes && fault;
        if (!due || due.timesLeft === 0) {
          passed += chunk.length;
          void passSlowly(this, chunk, pieceBytes, done);
          return;
        }
        due.timesLeft -= 1;
        this.push(chunk.subarray(0, due.bytes - passed));
        const first = act?.() ?? Promise.resolve();
        act = undefined;
        if (due.kind === 'silence') return; // never done: nothing passes any more
        void first.then(() => {
          client.resetAndDestroy();
          upstream.resetAndDestroy();
        });
      },
    });
  }

  const server = createServer((client) => {
    count += 1;
    const upstream = connect(targetPort, '127.0.0.1');
    track(client);
    track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(network('to server', client, upstream)).pipe(upstream);
    upstream.pipe(network('to client', client, upstream)).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // listens on TCP
    connections: () => count,
    breakAfter: (way, bytes, timesLeft = 1) => {
      fault = { way, bytes, timesLeft, kind: 'break' };
    },
    silenceAfter: (way, bytes, timesLeft = 1) => {
      fault = { way, bytes, timesLeft, kind: 'silence' };
    },
    whenBroken: (what) => {
      act = what;
    },
    slowDown: (bytes) => {
      pieceBytes = bytes;
    },
    close: async () => {
      for (const socket of sockets) socket.resetAndDestroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function passSlowly(
  to: Transform,
  chunk: Buffer,
  pieceBytes: number,
  done: () => void,
): Promise<void> {
  for (let at = 0; at < chunk.length; at += pieceBytes) {
    if (at > 0) await new Promise((resolve) => setTimeout(resolve));
    to.push(chunk.subarray(at, at + pieceBytes));
  }
  done();
}
