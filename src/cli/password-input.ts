import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Cli } from './cli.ts';
import { InterruptedError, UsageError } from './exit-codes.ts';

export interface PasswordOptions {
  readonly passwordStdin?: boolean;
  readonly generate?: boolean;
}

export interface ChosenPassword {
  readonly password: string;
  /** True for one that nobody knows yet: it has to be shown, once. */
  readonly isGenerated: boolean;
}

const GENERATED_BYTES = 18;

/** A password as the options say: generated, from standard input, or typed twice without an echo. */
export async function choosePassword(cli: Cli, options: PasswordOptions): Promise<ChosenPassword> {
  if (options.generate === true) {
    const password = randomBytes(GENERATED_BYTES).toString('base64url');
    return { password, isGenerated: true };
  }
  if (options.passwordStdin === true) {
    const password = (await text(cli.terminal.stdin)).replace(/\r?\n$/, '');
    return { password, isGenerated: false };
  }
  if (cli.terminal.stdin.isTTY !== true) {
    throw new UsageError('There is no terminal to ask on: give --password-stdin or --generate');
  }
  const password = await ask(cli, 'Password: ');
  if ((await ask(cli, 'The same again: ')) !== password) {
    throw new UsageError('The two passwords differ; nothing was changed');
  }
  return { password, isGenerated: false };
}

async function ask(cli: Cli, prompt: string): Promise<string> {
  const { stdin, stderr } = cli.terminal;
  // readline puts the terminal into raw mode and echoes by itself: here, to nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  try {
    stderr.write(prompt);
    const interrupted = new Promise<never>((_resolve, reject) => {
      lines.once('SIGINT', () => reject(new InterruptedError()));
      lines.once('close', () => reject(new InterruptedError()));
    });
    return await Promise.race([lines.question('', { signal: cli.signal }), interrupted]);
  } finally {
    lines.close();
    stderr.write('\n');
  }
}
