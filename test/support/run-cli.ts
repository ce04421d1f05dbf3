import { PassThrough } from 'node:stream';
import { InterruptedError, type ExitCode } from '../../src/cli/exit-codes.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import type { SupervisorLink } from '../../src/cli/supervisor/messages.ts';

export interface CliResult {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly stdin?: string;
  /** Makes standard input a terminal on which this is typed, each part at a prompt of its own. */
  readonly typed?: readonly string[];
  /** Makes standard output a terminal of this width. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly supervisor?: SupervisorLink;
}

/** A command that is under way. */
export interface StartedCli {
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  readonly result: Promise<CliResult>;
}

/** Starts a command line within the test's own process. */
export function startCli(args: readonly string[], options: CliOptions = {}): StartedCli {
  const stdout = new Recorder(options.columns);
  const stderr = new Recorder(undefined);
  const ended = runCommandLine(args, {
    terminal: { stdin: inputOf(options, stderr), stdout, stderr },
    environment: options.environment ?? {},
    workingDirectory: options.workingDirectory ?? process.cwd(),
    signal: options.signal ?? new AbortController().signal,
    supervisor: options.supervisor,
  });
  const result = ended.then((code) => ({ code, stdout: stdout.text(), stderr: stderr.text() }));
  return { stdout: () => stdout.text(), stderr: () => stderr.text(), result };
}

/** Runs a command line to its end, and gives all that it wrote. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).result;
}

function inputOf(options: CliOptions, prompts: Recorder): PassThrough & { isTTY?: boolean } {
  const stdin = new PassThrough();
  if (options.typed === undefined) {
    stdin.end(options.stdin ?? '');
    return stdin;
  }
  const waiting = [...options.typed];
  prompts.on('data', (chunk: Buffer) => {
    // After the reader has begun to listen.
    if (chunk.toString().endsWith(': ')) setImmediate(() => stdin.write(waiting.shift() ?? ''));
  });
  return Object.assign(stdin, { isTTY: true, setRawMode: () => undefined });
}

/** An abort as Ctrl-C makes it. */
export function interrupt(controller: AbortController): void {
  controller.abort(new InterruptedError());
}

class Recorder extends PassThrough {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly #chunks: Buffer[] = [];

  constructor(columns: number | undefined) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns;
    this.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
