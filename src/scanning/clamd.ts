import { connect, type Socket } from 'node:net';
import type { ScannerAddress } from './scanner-address.ts';
import { ScannerError, type Scan, type Scanner } from './scanner.ts';

/** Longer than clamd itself scans one file by default (MaxScanTime), or waits for bytes (ReadTimeout). */
const SILENCE_MS = 180_000;
const LONGEST_REPLY = 4096;

export interface ClamdOptions {
  readonly silenceMs?: number;
}

/** ClamAV's daemon, over its own protocol (clamd(8), INSTREAM): a connection for each file. */
export function createClamd(
  address: ScannerAddress,
  { silenceMs = SILENCE_MS }: ClamdOptions = {},
): Scanner {
  return {
    begin: () => new ClamdScan(new Conversation(address, silenceMs)),
    check: async () => {
      const conversation = new Conversation(address, silenceMs);
      await conversation.write(Buffer.from('zPING\0'));
      const reply = await conversation.reply;
      if (reply !== 'PONG') throw unavailable(`it answered '${reply}'`);
    },
  };
}

class ClamdScan implements Scan {
  readonly #conversation: Conversation;
  #isBegun = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return;
    await this.#send(lengthOf(bytes), bytes);
  }

  async finish(): Promise<string | undefined> {
    await this.#send(lengthOf(new Uint8Array()));
    const reply = await this.#conversation.reply;
    if (reply === 'stream: OK') return undefined;
    const found = /^stream: (.+) FOUND$/.exec(reply)?.[1];
    if (found === undefined) throw refusal(reply);
    return found;
  }

  abandon(): void {
    this.#conversation.end();
  }

  async #send(...parts: readonly Uint8Array[]): Promise<void> {
    const begin = this.#isBegun ? [] : [Buffer.from('zINSTREAM\0')];
    this.#isBegun = true;
    await this.#conversation.write(...begin, ...parts);
  }
}

/** A connection on which much is sent and one reply comes. */
class Conversation {
  /** Rejects with a ScannerError. */
  readonly reply: Promise<string>;
  readonly #socket: Socket;
  #isOver = false;

  constructor(address: ScannerAddress, silenceMs: number) {
    this.#socket = connect(address);
    this.#socket.setTimeout(silenceMs, () => this.#socket.destroy(new Error('it says nothing')));
    this.reply = replyOn(this.#socket).finally(() => {
      this.#isOver = true;
      this.#socket.destroy();
    });
    // Whoever asks for it gets it; until then it is not unhandled.
    this.reply.catch(() => undefined);
  }

  /** Resolves when there is room for more. @throws ScannerError also for a reply that comes too early */
  async write(...parts: readonly Uint8Array[]): Promise<void> {
    let hasRoom = true;
    if (!this.#isOver) {
      this.#socket.cork();
      for (const part of parts) hasRoom = this.#socket.write(part);
      this.#socket.uncork();
    }
    if (hasRoom && !this.#isOver) return;
    const reply = await Promise.race([this.reply, this.#drained()]);
    if (reply !== undefined) throw refusal(reply);
  }

  end(): void {
    this.#socket.destroy();
  }

  #drained(): Promise<undefined> {
    return new Promise((resolve) => {
      this.#socket.once('drain', () => resolve(undefined));
    });
  }
}

function replyOn(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let failure: Error | undefined;
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
      const end = text.indexOf('\0');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > LONGEST_REPLY) socket.destroy(new Error('its answer has no end'));
    });
    socket.once('error', (error) => (failure = error));
    socket.once('close', () =>
      reject(unavailable(failure?.message ?? 'it ended the connection', failure)),
    );
  });
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  return length;
}

function refusal(reply: string): ScannerError {
  if (/size limit exceeded/i.test(reply)) return new ScannerError('too_large', reply);
  return unavailable(`it answered '${reply}'`);
}

function unavailable(problem: string, cause?: Error): ScannerError {
  return new ScannerError('unavailable', `no answer of the scanner: ${problem}`, { cause });
}
