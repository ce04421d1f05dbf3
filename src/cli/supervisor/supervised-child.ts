import { fork, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import {
  readChildMessage,
  SUPERVISED_VARIABLE,
  type ChildMessage,
  type SupervisorMessage,
} from './messages.ts';

export interface ChildListener {
  onMessage(message: ChildMessage): void;
  /** It ended before it was ever ready: starting it again would end the same way. */
  onFailedStart(exitCode: number | undefined): void;
  /** It ended although it was not told to, and is started again after a pause. */
  onRestart(end: ChildEnd, pauseMs: number): void;
}

export interface ChildEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** A child that lived this long is not failing again and again. */
const STABLE_AFTER_MS = 60_000;

/** `src/cli/main.ts`, or what it was compiled to. */
const MAIN = join(import.meta.dirname, '..', `main${extname(import.meta.filename)}`);

/** A command of ours in a process of its own, kept alive until it is stopped. */
export class SupervisedChild {
  readonly #commandLine: () => readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #listener: ChildListener;
  #process: ChildProcess | undefined;
  #startedAt = 0;
  #wasReady = false;
  #isStopping = false;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;

  /** `commandLine` is asked at each start. */
  constructor(
    commandLine: () => readonly string[],
    environment: NodeJS.ProcessEnv,
    listener: ChildListener,
  ) {
    this.#commandLine = commandLine;
    this.#environment = environment;
    this.#listener = listener;
  }

  get processId(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    this.#startedAt = performance.now();
    const child = fork(MAIN, this.#commandLine(), {
      env: { ...this.#environment, [SUPERVISED_VARIABLE]: '1' },
      // As in bin/start.cjs, which says why.
      execArgv: [
        ...process.execArgv,
        '--disable-warning=ExperimentalWarning',
        '--semi-space-growth-factor=1',
      ],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process = child;
    child.on('message', (value) => this.#received(value));
    child.once('exit', (code, signal) => this.#ended(code ?? undefined, signal ?? undefined));
    child.once('error', () => this.#ended(undefined, undefined));
  }

  tell(message: SupervisorMessage): void {
    // A child that is just ending takes no messages; the next one finds its work by itself.
    if (this.#process?.connected === true) this.#process.send(message, () => undefined);
  }

  /** Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#process;
    if (child === undefined || hasEnded(child)) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.tell({ type: 'stop' });
    await ended;
  }

  /** At once and for good. */
  kill(): void {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    this.#process?.kill('SIGKILL');
  }

  #received(value: unknown): void {
    const message = readChildMessage(value);
    if (message === undefined) return;
    if (message.type === 'ready') this.#wasReady = true;
    this.#listener.onMessage(message);
  }

  #ended(exitCode: number | undefined, signal: string | undefined): void {
    if (this.#isStopping) return;
    if (!this.#wasReady) {
      this.#isStopping = true;
      this.#listener.onFailedStart(exitCode);
      return;
    }
    const lived = performance.now() - this.#startedAt;
    this.#failures = lived > STABLE_AFTER_MS ? 0 : this.#failures;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#restart = setTimeout(() => this.start(), pauseMs);
    this.#listener.onRestart({ exitCode, signal }, pauseMs);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
