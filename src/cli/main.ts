import { InterruptedError } from './exit-codes.ts';
import { runCommandLine } from './program.ts';
import {
  readSupervisorMessage,
  SUPERVISED_VARIABLE,
  type SupervisorLink,
} from './supervisor/messages.ts';

const FORCED_EXIT_AFTER_MS = 5000;
const EXIT_INTERRUPTED = 130;
const SAME_SIGNAL_MS = 500;

/** The process's own command line. Called by `bin/wes.cjs`, and when this file is started itself. */
export async function main(): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(new InterruptedError());
  const supervisor = linkToSupervisor(interrupt);
  stopOnSignals(interrupt, supervisor !== undefined);
  // `wes runs | head`: the reader has seen enough, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    terminal: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    environment: process.env,
    workingDirectory: process.cwd(),
    signal: interruption.signal,
    supervisor,
  });
  if (process.connected) process.disconnect();
  // Nothing should be open now; should something be, it does not keep the process.
  setTimeout(() => process.exit(), FORCED_EXIT_AFTER_MS).unref();
}

/**
 * The first Ctrl-C lets the command end in order; the second ends the process. One that comes right
 * after the first is the same: a terminal sends it to npm and to us, and npm passes it on.
 */
function stopOnSignals(interrupt: () => void, isSupervised: boolean): void {
  let firstAt: number | undefined;
  const stop = () => {
    firstAt ??= performance.now();
    if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
    interrupt();
  };
  process.on('SIGTERM', isSupervised ? interrupt : stop);
  // A terminal sends Ctrl-C to the children of `wes up` as well; they wait for its word.
  process.on('SIGINT', isSupervised ? () => undefined : stop);
}

function linkToSupervisor(stop: () => void): SupervisorLink | undefined {
  if (process.env[SUPERVISED_VARIABLE] !== '1' || process.send === undefined) return undefined;
  let wake: (() => void) | undefined;
  process.on('message', (value) => {
    const message = readSupervisorMessage(value);
    if (message?.type === 'wake') wake?.();
    if (message?.type === 'stop') stop();
  });
  process.on('disconnect', stop);
  return {
    // The callback takes the error of a channel that is just closing.
    tell: (message) => {
      if (process.connected) process.send?.(message, undefined, {}, () => undefined);
    },
    onWake: (listener) => (wake = listener),
    isConnected: () => process.connected,
  };
}

if (import.meta.main) await main();
