import { styleText } from 'node:util';
import type { Readable, Writable } from 'node:stream';

/** Where a command reads and writes: the process's own streams, or a test's. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & TerminalSize;
  readonly stderr: Writable & TerminalSize;
}

interface TerminalSize {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** Colours as far as the stream is a terminal and NO_COLOR and FORCE_COLOR allow. */
export type Paint = (colour: Colour, text: string) => string;

export function painterFor(stream: Terminal['stdout']): Paint {
  return (colour, text) => styleText(colour, text, { stream, validateStream: true });
}

/** Text from a server, made safe for a terminal: control characters can move its cursor or worse. */
export function plainText(text: string): string {
  // eslint-disable-next-line no-control-regex -- finding them is the purpose
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

export function writeLine(stream: Writable, line = ''): void {
  stream.write(`${line}\n`);
}

/** JSON for scripts: one document, indented, on standard output. */
export function writeJson(terminal: Terminal, value: unknown): void {
  writeLine(terminal.stdout, JSON.stringify(value, undefined, 2));
}
