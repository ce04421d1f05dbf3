import pLimit, { type LimitFunction } from 'p-limit';

/** On their way at once, of all uploads of a process; those of one are fewer, see `multipart.ts`. */
const SENT_AT_ONCE = 6;
/** Blocks that are kept for the next upload. */
const MOST_KEPT = 8;

/**
 * Memory for the parts of uploads. Blocks are used again: a new one for each part becomes garbage faster
 * than it is collected, and a process that uploads at full speed would grow by hundreds of megabytes.
 */
export class PartMemory {
  /** Has a part wait until others were sent. */
  readonly inTurn: LimitFunction = pLimit(SENT_AT_ONCE);
  readonly #kept: Uint8Array[] = [];

  /** Its content is what it was used for before. */
  take(bytes: number): Uint8Array {
    const at = this.#kept.findIndex((block) => block.byteLength === bytes);
    return this.#kept.splice(at, at === -1 ? 0 : 1)[0] ?? Buffer.allocUnsafeSlow(bytes);
  }

  /** To be called only when nobody reads it any more; what is never given back is garbage in the end. */
  giveBack(block: Uint8Array): void {
    if (this.#kept.length < MOST_KEPT) this.#kept.push(block);
  }
}

/** A part of an object. */
export class Part {
  readonly #block: Uint8Array;
  #length = 0;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  get bytes(): Uint8Array {
    return this.#block.subarray(0, this.#length);
  }

  get isFull(): boolean {
    return this.#length === this.#block.byteLength;
  }

  /** Takes as much as has room; gives the rest. */
  fill(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, this.#block.byteLength - this.#length);
    this.#block.set(taken, this.#length);
    this.#length += taken.byteLength;
    return chunk.subarray(taken.byteLength);
  }

  giveBackTo(memory: PartMemory): void {
    memory.giveBack(this.#block);
  }
}
