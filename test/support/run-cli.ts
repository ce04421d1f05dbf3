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
  const stdin = new PassThrough();
  stdin.end(options.stdin ?? '');
  const code = await runCommandLine(args, {
    terminal: { stdin, stdout, stderr },
    environment: options.environment ?? {},
    workingDirectory: options.workingDirectory ?? process.cwd(),
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
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
