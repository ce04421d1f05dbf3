import { createCipheriv, createHash } from 'node:crypto';

/** What a task may write: every block of it is known beforehand. */
export type LogKind = 'lines' | 'one line' | 'binary' | 'broken text';

export interface LogOrder {
  readonly kind: LogKind;
  readonly sizeBytes: number;
  readonly bytesPerSecond: number;
}

const BLOCK_BYTES = 64 * 1024;
const LINE_BYTES = 128;
const KEY = Buffer.alloc(16, 'log blocks');

/** The blocks of a log, each other than all before. */
export function* logBlocks({ kind, sizeBytes }: LogOrder): Generator<Buffer, void, undefined> {
  for (let offset = 0; offset < sizeBytes; offset += BLOCK_BYTES) {
    const block = blockAt(kind, offset);
    yield offset + BLOCK_BYTES > sizeBytes ? block.subarray(0, sizeBytes - offset) : block;
  }
}

export function digestOf(order: LogOrder): string {
  const hash = createHash('sha256');
  for (const block of logBlocks(order)) hash.update(block);
  return hash.digest('hex');
}

function blockAt(kind: LogKind, offset: number): Buffer {
  const random = randomAt(offset);
  if (kind === 'binary') return random;
  const text = Buffer.from(random.toString('base64')).subarray(0, BLOCK_BYTES);
  if (kind === 'one line') return text;
  for (let at = 0; at < BLOCK_BYTES; at += LINE_BYTES) {
    text.write(`line at ${String(offset + at).padStart(14, '0')} Größe 🧬 `, at);
    text.write('\n', at + LINE_BYTES - 1);
  }
  // A character that is cut off, a byte that none begins with, and a zero.
  if (kind === 'broken text') text.set([0xf0, 0x9f, 0xff, 0], BLOCK_BYTES / 2);
  return text;
}

function randomAt(offset: number): Buffer {
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(offset));
  return createCipheriv('aes-128-ctr', KEY, counter).update(Buffer.alloc(BLOCK_BYTES));
}
