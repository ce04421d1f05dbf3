import type { Terminal } from './terminal.ts';
import type { ExitCode } from './exit-codes.ts';
import type { SupervisorLink } from './supervisor/messages.ts';

/** What a command has around it: the process, or what a test puts in its place. */
export interface Cli {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Aborted, with an InterruptedError, on Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The `wes up` that started this process, if one did. */
  readonly supervisor?: SupervisorLink | undefined;
  /** Sets the exit status for when the command is done; 0 without it. */
  finish(code: ExitCode): void;
}
