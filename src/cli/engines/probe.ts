import { execFile } from 'node:child_process';
import type { Probe } from '../../engines/engine.ts';

export interface ProbeOptions {
  readonly timeoutSeconds?: number;
  /** Environment of the programs; that of this process by default. */
  readonly environment?: NodeJS.ProcessEnv;
}

const TIMEOUT_SECONDS = 60;
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** As timeout(1) says it. */
const EXIT_TIMED_OUT = 124;

/** A probe that really runs programs: without input, for a limited time, with limited output. */
export function createProbe(options: ProbeOptions = {}): Probe {
  const { timeoutSeconds = TIMEOUT_SECONDS, environment = process.env } = options;
  const settings = {
    timeout: timeoutSeconds * 1000,
    maxBuffer: MAX_OUTPUT_BYTES,
    killSignal: 'SIGKILL',
    env: environment,
  } as const;
  return ([program, ...words]) =>
    new Promise((resolve) => {
      if (program === undefined) {
        resolve(undefined);
        return;
      }
      const child = execFile(program, words, settings, (error, stdout, stderr) => {
        const exitCode = exitCodeOf(error);
        resolve(exitCode === undefined ? undefined : { exitCode, stdout, stderr });
      });
      child.stdin?.end();
    });
}

/** undefined when the program could not be started at all. */
function exitCodeOf(
  error: (Error & { code?: unknown; killed?: boolean }) | null,
): number | undefined {
  if (error === null) return 0;
  if (typeof error.code === 'number') return error.code;
  return error.code === 'ENOENT' || error.code === 'EACCES' ? undefined : EXIT_TIMED_OUT;
}
