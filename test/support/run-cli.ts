import { PassThrough } from 'node:stream';
import { InterruptedError, type ExitCode } from '../../src/cli/exit-codes.ts';
import { runCommandLine } from '../../src/cli/program.ts';

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
}

/** Runs a command line within the test's own process, and gives all that it wrote. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const stdout = new Recorder(options.columns);
  const stderr = new Recorder(undefined);
  const stdin = inputOf(options, stderr);
  const code = await runCommandLine(args, {
    terminal: { stdin, stdout, stderr },
    environment: options.environment ?? {},
    workingDirectory: options.workingDirectory ?? process.cwd(),
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
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
