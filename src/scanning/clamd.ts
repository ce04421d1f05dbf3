import { connect, type Socket } from 'node:net';
import type { ScannerAddress } from './scanner-address.ts';
import { ScannerError, type Scan, type Scanner } from './scanner.ts';

/** Longer than clamd itself scans one file by default (MaxScanTime), or waits for bytes (ReadTimeout). */
const SILENCE_MS = 180_000;
const LONGEST_REPLY = 4096;
/** How long clamd has to refuse a length, which takes it no work. */
const REFUSAL_MS = 5000;
const BEGIN = Buffer.from('zINSTREAM\0');
const LARGEST_LENGTH = 0xff_ff_ff_ff;

export interface ClamdOptions {
  readonly silenceMs?: number;
}

/** ClamAV's daemon, over its own protocol (clamd(8), INSTREAM): a connection for each file. */
export function createClamd(
  address: ScannerAddress,
  { silenceMs = SILENCE_MS }: ClamdOptions = {},
): Scanner {
  return {
    begin: () => new ClamdScan(address, silenceMs),
    check: async () => {
      const conversation = new Conversation(address, silenceMs);
      await conversation.write(Buffer.from('zPING\0'));
      const reply = await conversation.reply;
      if (reply !== 'PONG') throw unavailable(`it answered '${reply}'`);
    },
  };
}

class ClamdScan implements Scan {
  readonly #address: ScannerAddress;
  readonly #conversation: Conversation;
  #isBegun = false;
  #sentBytes = 0;

  constructor(address: ScannerAddress, silenceMs: number) {
    this.#address = address;
    this.#conversation = new Conversation(address, silenceMs);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return;
    this.#sentBytes += bytes.byteLength;
    await this.#unlessTooLarge(() => this.#send(lengthOf(bytes.byteLength), bytes));
  }

  async finish(): Promise<string | undefined> {
    const reply = await this.#unlessTooLarge(async () => {
      await this.#send(lengthOf(0));
      return await this.#conversation.reply;
    });
    if (reply === 'stream: OK') return undefined;
    const found = /^stream: (.+) FOUND$/.exec(reply)?.[1];
    if (found === undefined) throw refusal(reply);
    return found;
  }

  abandon(): void {
    this.#conversation.end();
  }

  async #send(...parts: readonly Uint8Array[]): Promise<void> {
    const begin = this.#isBegun ? [] : [BEGIN];
    this.#isBegun = true;
    await this.#conversation.write(...begin, ...parts);
  }

  /**
   * clamd answers that a file is too large and closes the connection while more is on its way, by which the
   * answer is often lost. So where the connection broke, it is asked once more about the size alone.
   */
  async #unlessTooLarge<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const reply = await sizeRefusal(this.#address, this.#sentBytes).catch(() => undefined);
      throw reply === undefined ? error : refusal(reply);
    }
  }
}

/** What clamd says to so many bytes when it refuses them by their number; it sees none of them. */
async function sizeRefusal(
  address: ScannerAddress,
  sizeBytes: number,
): Promise<string | undefined> {
  const conversation = new Conversation(address, REFUSAL_MS);
  await conversation.write(BEGIN, lengthOf(Math.min(sizeBytes, LARGEST_LENGTH)));
  const reply = await conversation.reply;
  return isSizeRefusal(reply) ? reply : undefined;
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

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

function refusal(reply: string): ScannerError {
  if (isSizeRefusal(reply)) return new ScannerError('too_large', reply);
  return unavailable(`it answered '${reply}'`);
}

function isSizeRefusal(reply: string): boolean {
  return /size limit exceeded/i.test(reply);
}

function unavailable(problem: string, cause?: Error): ScannerError {
  return new ScannerError('unavailable', `no answer of the scanner: ${problem}`, { cause });
}
