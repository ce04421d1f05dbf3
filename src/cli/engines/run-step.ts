import { spawn } from 'node:child_process';

export interface StepResult {
  readonly succeeded: boolean;
  /** The last lines that it printed, for a message about its failure. */
  readonly lastWords: string;
}

const KEPT_CHARACTERS = 4000;
const KEPT_LINES = 6;

/** Runs an installing program to its end, whatever it prints being kept only for a failure's message. */
export function runStep(
  argv: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv,
  workingDirectory?: string,
): Promise<StepResult> {
  const [program, ...words] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      cwd: workingDirectory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const keep = (chunk: Buffer): void => {
      printed = (printed + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error: NodeJS.ErrnoException) => {
      const lastWords = error.code === 'ENOENT' ? 'not installed' : error.message;
      resolve({ succeeded: false, lastWords });
    });
    child.on('close', (code) => resolve({ succeeded: code === 0, lastWords: lastLines(printed) }));
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-KEPT_LINES).join('\n');
}
