import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const PROGRAM = fileURLToPath(new URL('ftp-server.py', import.meta.url));
/** Debian's module is of Debian's Python, which may be another one than that on the PATH. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

const python = PYTHONS.find((program) => {
  try {
    execFileSync(program, ['-c', 'import pyftpdlib'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Why there is no FTP server for tests; see `describeWith`. */
export const missingFtp: string | undefined =
  python === undefined ? 'no pyftpdlib found: install python3-pyftpdlib' : undefined;

export interface FtpServerOptions {
  readonly directory: string;
  /** Whether it lets everybody in; by default it does. */
  readonly anonymous?: boolean;
  readonly user?: string;
  readonly password?: string;
  /** Commands that it does not know. */
  readonly without?: readonly string[];
  /** Address that it names for data connections. */
  readonly dataHost?: string;
  /** The first `breaks` transfers break after so many bytes of the file. */
  readonly breakAfter?: number;
  readonly breaks?: number;
}

export interface FtpServer {
  readonly port: number;
  /** Commands that it was sent, without those of others: `RETR reads.fq`. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

export async function startFtpServer(options: FtpServerOptions): Promise<FtpServer> {
  const argv = [PROGRAM, JSON.stringify(options)];
  const child = spawn(python ?? 'python3', argv, { stdio: ['pipe', 'pipe', 'ignore'] });
  const commands: string[] = [];
  let port: number | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, kind, text = ''] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'port') port = Number(text);
    else if (kind === 'command') commands.push(text.trim());
  });
  await until(() => {
    if (child.exitCode !== null) throw new Error('the FTP server ended');
    return port !== undefined;
  });
  return {
    port: port ?? 0,
    commands,
    close: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
