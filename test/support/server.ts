import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWesClient, type WesClient } from '../../src/wes/client.ts';
import { createTransport, type WesCredentials } from '../../src/wes/transport.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'cli', 'main.ts');
const PREFIX = '/ga4gh/wes/v1';
const START_MS = 60_000;
const STOP_MS = 20_000;

/** A `wes` command that runs until it is told to stop. */
export interface ServerProcess {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code, undefined after a signal, once the process has ended. */
  readonly ended: Promise<number | undefined>;
  signal(name: NodeJS.Signals): void;
}

/**
 * Real `wes` processes, started from src/ with one private directory and settings of their own.
 * `close` stops them all, and fails when a process of theirs is left.
 */
export class TestDeployment {
  readonly directory: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #running: ServerProcess[] = [];

  private constructor(directory: string, settings: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.#settings = settings;
  }

  static async create(settings: Readonly<Record<string, string>> = {}): Promise<TestDeployment> {
    return new TestDeployment(await mkdtemp(join(tmpdir(), 'wes-deployment-')), settings);
  }

  /** The settings with which all of its commands run. */
  get environment(): Readonly<Record<string, string>> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.directory,
      DATA_DIR: join(this.directory, 'data'),
      API_PORT: '0',
      LOG_LEVEL: 'warn',
      // The same wherever the tests run, whatever is installed there.
      CONTAINERS: 'none',
      // Where the servers of tests are.
      STAGING_ALLOWED_NETWORKS: '127.0.0.1',
      // Halves the time that a process needs to start.
      NODE_COMPILE_CACHE: join(ROOT, '.cache', 'compile'),
      ...this.#settings,
    };
  }

  /** Starts a command that stays. */
  start(args: readonly string[], workingDirectory = this.directory): ServerProcess {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: this.environment,
      cwd: workingDirectory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = observe(child);
    this.#running.push(running);
    return running;
  }

  /** Runs a command to its end. */
  async run(
    args: readonly string[],
    workingDirectory = this.directory,
  ): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
    const running = this.start(args, workingDirectory);
    const code = await running.ended;
    return { code, stdout: running.stdout(), stderr: running.stderr() };
  }

  /** Processes that belong to this deployment, by what their command line or environment names. */
  async processes(named = ''): Promise<readonly number[]> {
    const found = await processesNaming(this.directory);
    return found.filter(({ commandLine }) => commandLine.includes(named)).map(({ pid }) => pid);
  }

  async close(): Promise<void> {
    for (const running of this.#running) running.signal('SIGTERM');
    const codes = await Promise.all(this.#running.map((running) => endedInTime(running)));
    // A killed parent's children need a moment to notice.
    const remaining = async () => (await this.processes()).length === 0;
    const isClean = await until(remaining, { timeoutMs: STOP_MS }).catch(() => false);
    const leftovers = await processesNaming(this.directory);
    for (const { pid } of leftovers) killQuietly(pid);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
    if (!isClean) throw new Error(`Left running: ${JSON.stringify(leftovers)}`);
    if (codes.includes('stuck')) throw new Error('A process did not end after SIGTERM');
  }
}

/** The address that `wes up` or `wes serve` printed. */
export async function addressOf(running: ServerProcess): Promise<string> {
  return await until(
    () => {
      const found = /(http:\/\/[\w.[\]:]+)\/ga4gh/.exec(running.stdout())?.[1];
      if (found !== undefined) return found;
      return hasFailed(running) ? Promise.reject(new Error(running.stderr())) : undefined;
    },
    { timeoutMs: START_MS, message: 'The server printed no address' },
  );
}

/** Resolves when the process has printed this. */
export async function untilPrinted(running: ServerProcess, text: string): Promise<void> {
  await until(() => running.stdout().includes(text) || running.stderr().includes(text), {
    timeoutMs: START_MS,
    message: `"${text}" was not printed: ${running.stdout()} ${running.stderr()}`,
  });
}

export function clientFor(address: string, credentials?: WesCredentials): WesClient {
  const transport = createTransport({ origin: address, credentials });
  return createWesClient(new URL(address + PREFIX), transport);
}

const failed = new WeakSet<ServerProcess>();

function hasFailed(running: ServerProcess): boolean {
  return failed.has(running);
}

function observe(child: ChildProcess): ServerProcess {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const ended = new Promise<number | undefined>((resolve) => {
    child.once('close', (code) => resolve(code ?? undefined));
  });
  const running: ServerProcess = {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    signal: (name) => void child.kill(name),
  };
  void ended.then(() => failed.add(running));
  return running;
}

async function endedInTime(running: ServerProcess): Promise<number | undefined | 'stuck'> {
  const { promise, resolve } = Promise.withResolvers<'stuck'>();
  const timer = setTimeout(() => {
    running.signal('SIGKILL');
    resolve('stuck');
  }, STOP_MS);
  try {
    return await Promise.race([running.ended, promise]);
  } finally {
    clearTimeout(timer);
  }
}

interface FoundProcess {
  readonly pid: number;
  readonly commandLine: string;
}

async function processesNaming(text: string): Promise<readonly FoundProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const isNamed = commandLine.includes(text) || environment.includes(text);
      const words = commandLine.split('\0').join(' ').trim();
      return isNamed ? [{ pid: Number(pid), commandLine: words }] : [];
    }),
  );
  return found.flat();
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
