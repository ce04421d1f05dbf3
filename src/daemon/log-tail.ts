import { stat, type FileHandle } from 'node:fs/promises';
import { StorageError, type Storage } from '../storage/storage.ts';
import { openConfined } from './confined-file.ts';
import { keptPieces, type KeptPiece } from './log-limit.ts';

/** So much is written at once: each time costs some storages a request, and one more piece to read from. */
const BLOCK_BYTES = 4 * 1024 * 1024;

export interface LogSource {
  readonly path: string;
  /** Directory that the file must really lie in. */
  readonly root: string;
  /** Where it goes in storage. */
  readonly key: string;
  /** Nothing of it can be in storage yet. */
  readonly isNew: boolean;
  /** What is kept of it, see `keptPieces`; all of it when absent. */
  readonly limitBytes?: number;
}

/**
 * A growing file on its way to storage, block by block, from where the copy in storage ends. While it is
 * empty there is no object: readers take the one for the other, and most tasks leave one log empty.
 */
export class LogTail {
  readonly #source: LogSource;
  readonly #storage: Storage;
  /** @throws when nothing may be written any more */
  readonly #assertLease: () => void;
  #offset: number | undefined;

  constructor(source: LogSource, storage: Storage, assertLease: () => void) {
    this.#source = source;
    this.#storage = storage;
    this.#assertLease = assertLease;
  }

  /**
   * Copies what the file has grown by.
   * @param isComplete it does not grow any more
   */
  async copy(isComplete: boolean): Promise<void> {
    const offset = (this.#offset ??= await this.#findEnd());
    const { path, limitBytes = Number.POSITIVE_INFINITY } = this.#source;
    const pieces = keptPieces(await sizeOf(path), limitBytes, isComplete);
    if (lengthOf(pieces) <= offset) return;
    try {
      await this.#copyFrom(offset, pieces);
    } catch (error) {
      // Somebody shortened the copy: look again where it ends.
      if (error instanceof StorageError && error.code === 'gap') this.#offset = undefined;
      throw error;
    }
  }

  async #findEnd(): Promise<number> {
    if (this.#source.isNew) return 0;
    return (await this.#storage.stat(this.#source.key))?.sizeBytes ?? 0;
  }

  async #append(offset: number, bytes: Uint8Array): Promise<void> {
    this.#assertLease();
    await this.#storage.append(this.#source.key, offset, bytes);
    this.#offset = offset + bytes.byteLength;
  }

  async #copyFrom(offset: number, pieces: readonly KeptPiece[]): Promise<void> {
    const { path, root } = this.#source;
    const file = await openConfined(path, [root]);
    if (!file) return;
    try {
      let start = 0;
      for (const piece of pieces) {
        const copied = Math.max(0, offset - start);
        const length = lengthOf([piece]);
        if (copied < length) await this.#copyPiece(file, piece, start, copied);
        // The file is shorter than it was a moment ago.
        if ((this.#offset ?? 0) < start + length) return;
        start += length;
      }
    } finally {
      await file.close();
    }
  }

  /** @param start where the piece begins in the copy, which has `copied` bytes of it */
  async #copyPiece(
    file: FileHandle,
    piece: KeptPiece,
    start: number,
    copied: number,
  ): Promise<void> {
    if ('words' in piece) {
      await this.#append(start + copied, piece.words.subarray(copied));
      return;
    }
    const block = Buffer.alloc(Math.min(BLOCK_BYTES, piece.to - piece.from - copied));
    for (let at = piece.from + copied; at < piece.to;) {
      const { bytesRead } = await file.read(block, 0, Math.min(block.length, piece.to - at), at);
      if (bytesRead === 0) return;
      await this.#append(start + at - piece.from, block.subarray(0, bytesRead));
      at += bytesRead;
    }
  }
}

function lengthOf(pieces: readonly KeptPiece[]): number {
  const lengths = pieces.map((piece) =>
    'words' in piece ? piece.words.length : piece.to - piece.from,
  );
  return lengths.reduce((sum, length) => sum + length, 0);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0; // not there yet
  }
}
