/**
 * Runs a server for as long as its standard input stays open: when the tests that started it end, in
 * whatever way (even by SIGKILL), the pipe closes, the server is stopped and its directory removed.
 *
 * node supervise.ts '{"argv": […], "directory": "…", "stopSignal": "SIGTERM", "uid"?: 1, "gid"?: 1}'
 */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';

interface Supervised {
  readonly argv: readonly string[];
  readonly directory: string;
  readonly stopSignal: NodeJS.Signals;
  readonly uid?: number;
  readonly gid?: number;
}

const STOP_MS = 10_000;
const REMOVALS = 10;

// Written by `startServer` in database-servers.ts.
const { argv, directory, stopSignal, uid, gid } = JSON.parse(process.argv[2] ?? '') as Supervised;
const [program = '', ...args] = argv;
const server = spawn(program, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  ...(uid === undefined ? {} : { uid }),
  ...(gid === undefined ? {} : { gid }),
});

server.once('error', () => end(1));
server.once('exit', (code) => end(code ?? 0));
process.stdin.once('end', stop).once('error', stop).resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);

function stop(): void {
  server.kill(stopSignal);
  setTimeout(() => server.kill('SIGKILL'), STOP_MS).unref();
}

function end(code: number): void {
  // Servers of one directory end together: the removal of one may fail of that of another.
  for (let attempt = 0; attempt < REMOVALS && existsSync(directory); attempt += 1) {
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      continue;
    }
  }
  process.exit(code);
}
