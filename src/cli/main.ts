import { InterruptedError } from './exit-codes.ts';
import { runCommandLine } from './program.ts';

const FORCED_EXIT_AFTER_MS = 3000;

/** The process's own command line. Called by `bin/wes.cjs`, and when this file is started itself. */
export async function main(): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interruption.abort(new InterruptedError()));
  }
  // `wes runs | head`: the reader has seen enough, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    terminal: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    environment: process.env,
    workingDirectory: process.cwd(),
    signal: interruption.signal,
  });
  // Nothing should be open now; should something be, it does not keep the process.
  setTimeout(() => process.exit(), FORCED_EXIT_AFTER_MS).unref();
}

if (import.meta.main) await main();
