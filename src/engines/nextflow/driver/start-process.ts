import { spawn } from 'node:child_process';

const KEPT_CHARACTERS = 64 * 1024;
/** Something that stays behind may hold the pipes open. */
const DRAIN_MS = 1000;

export interface ProcessEnd {
  /** As a shell gives it. */
  readonly exitCode: number;
  /** The ends of what it printed. */
  readonly stdout: string;
  readonly stderr: string;
}

const SIGNAL_CODES: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGINT: 130,
  SIGABRT: 134,
  SIGKILL: 137,
  SIGSEGV: 139,
  SIGTERM: 143,
};

/**
 * Runs a program in this process's group, so that signals to the group reach it too. What it prints is
 * passed on as it comes.
 * @throws Error when it can't be started
 */
export function runProcess(
  argv: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv,
  workingDirectory: string,
): Promise<ProcessEnd> {
  const [program, ...words] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: workingDirectory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout = passOn(child.stdout, process.stdout);
    const stderr = passOn(child.stderr, process.stderr);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const exitCode = code ?? SIGNAL_CODES[signal ?? 'SIGTERM'] ?? 129;
      const tell = (): void => resolve({ exitCode, stdout: stdout(), stderr: stderr() });
      child.once('close', tell);
      setTimeout(tell, DRAIN_MS).unref();
    });
  });
}

/** Gives the end of what came so far. */
function passOn(from: NodeJS.ReadableStream, to: NodeJS.WritableStream): () => string {
  const decoder = new TextDecoder();
  let kept = '';
  from.on('data', (chunk: Buffer) => {
    kept = (kept + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS);
    to.write(chunk);
  });
  return () => kept;
}
