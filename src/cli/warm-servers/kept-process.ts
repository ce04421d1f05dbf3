import { spawn, type ChildProcess } from 'node:child_process';

export interface KeptCommand {
  readonly argv: readonly [string, ...string[]];
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface KeptProcessListener {
  onEnd(end: { readonly exitCode: number | null; readonly lastWords: string }): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** One that lived this long is not failing again and again. */
const STABLE_AFTER_MS = 60_000;
const KEPT_CHARACTERS = 2000;

/**
 * A helping process that is started again whenever it ends. Its standard input is a pipe that ends with
 * this process, however that ends: by it a helper knows that it is needed no more.
 */
export class KeptProcess {
  readonly #command: KeptCommand;
  readonly #listener: KeptProcessListener;
  #process: ChildProcess | undefined;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(command: KeptCommand, listener: KeptProcessListener) {
    this.#command = command;
    this.#listener = listener;
  }

  get processId(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    const startedAt = performance.now();
    const [program, ...words] = this.#command.argv;
    const child = spawn(program, words, {
      env: this.#command.environment,
      cwd: '/',
      // A session of its own: a signal from the terminal is meant for us, who then stop it.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#process = child;
    let lastWords = '';
    child.stderr.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
    });
    child.stdin.on('error', () => undefined); // it ended: that is told below
    child.once('error', (error) => this.#ended(startedAt, null, error.message));
    child.once('close', (exitCode) => this.#ended(startedAt, exitCode, lastWords));
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  #ended(startedAt: number, exitCode: number | null, lastWords: string): void {
    if (this.#isStopping || this.#restart !== undefined) return;
    if (performance.now() - startedAt > STABLE_AFTER_MS) this.#failures = 0;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.start();
    }, pauseMs);
    this.#restart.unref();
    this.#listener.onEnd({ exitCode, lastWords });
  }
}
