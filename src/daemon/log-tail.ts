import { stat } from 'node:fs/promises';
import { StorageError, type Storage } from '../storage/storage.ts';
import { openConfined } from './confined-file.ts';

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

  /** Copies what the file has grown by. */
  async copy(): Promise<void> {
    const offset = (this.#offset ??= await this.#findEnd());
    const sizeBytes = await sizeOf(this.#source.path);
    if (sizeBytes <= offset) return;
    try {
      await this.#copyFrom(offset, sizeBytes);
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
  }

  async #copyFrom(offset: number, end: number): Promise<void> {
    const { path, root } = this.#source;
    const file = await openConfined(path, [root]);
    if (!file) return;
    try {
      const block = Buffer.alloc(Math.min(BLOCK_BYTES, end - offset));
      for (let at = offset; at < end;) {
        const { bytesRead } = await file.read(block, 0, Math.min(block.length, end - at), at);
        if (bytesRead === 0) return;
        await this.#append(at, block.subarray(0, bytesRead));
        at += bytesRead;
        this.#offset = at;
      }
    } finally {
      await file.close();
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0; // not there yet
  }
}
