import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { signal } from './processes.ts';

const BEGINS_MS = 10_000;
const RESTART_MS = 1000;

export interface ProcessPlan {
  readonly name: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Started again when it ends by itself, as service managers do. */
  readonly isKept: boolean;
}

/** One process of the service that is killed and started again, each time a new one. */
export class ServiceProcess {
  readonly name: string;
  readonly #plan: ProcessPlan;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #goesOnSince = 0;
  #isStopped = false;
  #isToEnd = false;
  /** Process ids of those that ended without being told to. */
  readonly endedByThemselves: number[] = [];

  constructor(plan: ProcessPlan) {
    this.name = plan.name;
    this.#plan = plan;
  }

  get pid(): number | undefined {
    return this.isAlive() ? this.#child?.pid : undefined;
  }

  isAlive(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves when the process that runs now has ended, whatever is started after it. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Not only started, but long enough at work to have begun. */
  isWaiting(): boolean {
    return this.isAlive() && !this.#isStopped && performance.now() - this.#goesOnSince > BEGINS_MS;
  }

  start(): void {
    if (this.isAlive()) return;
    const { argv, environment, logFile } = this.#plan;
    const [program = '', ...args] = argv;
    const log = openSync(logFile, 'a');
    // Detached, so that a Ctrl-C is heard by the suite alone.
    const child = spawn(program, args, {
      env: environment,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#goesOnSince = performance.now();
    this.#isStopped = false;
    this.#isToEnd = false;
    child.once('exit', () => this.#noticeEnd(child));
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  /** Sends the signal to this very process; false when there is none. */
  signal(name: NodeJS.Signals): boolean {
    if (name === 'SIGKILL' || name === 'SIGTERM') this.#isToEnd = true;
    const { pid } = this;
    if (pid === undefined) return false;
    if (name === 'SIGSTOP') this.#isStopped = true;
    if (name === 'SIGCONT' && this.#isStopped) {
      this.#isStopped = false;
      this.#goesOnSince = performance.now();
    }
    return signal(pid, name);
  }

  /** Ends it, by force when it does not hear; false when force was needed. */
  async end(patienceMs: number): Promise<boolean> {
    this.#isToEnd = true;
    if (!this.signal('SIGTERM')) return true;
    this.signal('SIGCONT');
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      this.signal('SIGKILL');
      resolve(false);
    }, patienceMs);
    void this.#ended.then(() => resolve(true));
    const isInOrder = await promise;
    clearTimeout(timer);
    await this.#ended;
    return isInOrder;
  }

  #noticeEnd({ pid }: ChildProcess): void {
    if (this.#isToEnd || !this.#plan.isKept) return;
    if (pid !== undefined) this.endedByThemselves.push(pid);
    const again = () => {
      if (!this.#isToEnd) this.start();
    };
    setTimeout(again, RESTART_MS).unref();
  }
}
