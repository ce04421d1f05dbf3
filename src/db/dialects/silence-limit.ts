import { Socket } from 'node:net';

/** How long a server may say nothing while an answer is due; 0 for ever. Read at each use, so it may change. */
export interface SilenceLimit {
  milliseconds: number;
}

/**
 * Breaks a connection on which nothing moves for as long as the limit says: a server that is frozen, or
 * behind a network that swallows what is sent, would keep a request waiting for ever. To be called when a
 * connection is taken from its pool, with the socket that it talks through.
 */
export function breakWhenSilent(socket: unknown, limit: SilenceLimit): void {
  if (!(socket instanceof Socket)) return; // TLS, and what drivers may wrap: all are sockets.
  const { milliseconds } = limit;
  socket.removeAllListeners('timeout');
  socket.setTimeout(milliseconds, () => {
    const message = `the database did not answer for ${milliseconds / 1000} s (DATABASE_TIMEOUT)`;
    socket.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
  });
}

/** In the pool a connection may be silent. */
export function allowSilence(socket: unknown): void {
  if (socket instanceof Socket) socket.setTimeout(0);
}
