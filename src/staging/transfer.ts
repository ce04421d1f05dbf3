import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import type { FileAllowance } from './byte-budget.ts';
import { FetchError, type Checksum, type RemoteFile } from './protocol.ts';
import { asFetchError } from './web-errors.ts';

const BLOCK_BYTES = 1024 * 1024;
const PRIVATE_FILE = 0o600;

type Algorithm = Checksum['algorithm'];

/** A file on its way here, over any number of connections. */
export class Transfer {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #allowance: FileAllowance;
  readonly #onBytes: (bytes: number) => void;
  #hashes = new Map<Algorithm, Hash>([['sha256', createHash('sha256')]]);
  #offset = 0;
  #version: string | undefined;

  private constructor(path: string, file: FileHandle, options: TransferOptions) {
    this.path = path;
    this.#file = file;
    this.#allowance = options.allowance;
    this.#onBytes = options.onBytes ?? (() => undefined);
  }

  /** Makes the file exclusively, so that no link is followed. */
  static async begin(path: string, options: TransferOptions): Promise<Transfer> {
    return new Transfer(path, await open(path, 'wx+', PRIVATE_FILE), options);
  }

  /** Goes on with what an earlier transfer of the version has left. */
  static async goOn(path: string, version: string, options: TransferOptions): Promise<Transfer> {
    const transfer = new Transfer(path, await open(path, 'r+'), options);
    await transfer.#hashAgain([...transfer.#hashes.values()]);
    transfer.#version = version;
    return transfer;
  }

  /** Bytes that are here. */
  get offset(): number {
    return this.#offset;
  }

  /** Of what is here, where the source told. */
  get version(): string | undefined {
    return this.#version;
  }

  /**
   * Takes what comes until the file is whole and is what its source says.
   * @throws FetchError
   */
  async take(remote: RemoteFile, signal: AbortSignal): Promise<void> {
    const body = addAbortSignal(signal, remote.body);
    try {
      if (remote.sizeBytes !== undefined) this.#allowance.require(remote.sizeBytes);
      await this.#placeAt(remote);
      const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>; // of bytes, by the contract
      for (;;) {
        const next = await chunks.next().catch((error: unknown) => {
          throw asFetchError(error);
        });
        if (next.done === true) break;
        await this.#append(next.value);
      }
    } finally {
      body.destroy();
    }
    await this.#requireWhole(remote);
  }

  /** Lower-case hex. */
  sha256(): string {
    return this.#digest('sha256') ?? '';
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** The source goes on, or begins anew with what is another file by now. */
  async #placeAt({ offset, version, checksums }: RemoteFile): Promise<void> {
    if (offset !== this.#offset || version !== this.#version || offset === 0) {
      await this.#reset();
      if (offset !== 0) throw new FetchError('its source goes on at another place', true);
    }
    this.#version = version;
    const missing = checksums.filter(({ algorithm }) => !this.#hashes.has(algorithm));
    for (const { algorithm } of missing) this.#hashes.set(algorithm, createHash(algorithm));
    if (this.#offset === 0 || missing.length === 0) return;
    await this.#hashAgain(missing.flatMap(({ algorithm }) => this.#hashes.get(algorithm) ?? []));
  }

  async #reset(): Promise<void> {
    await this.#file.truncate(0);
    this.#offset = 0;
    this.#version = undefined;
    this.#hashes = new Map([['sha256', createHash('sha256')]]);
  }

  async #append(chunk: Uint8Array): Promise<void> {
    this.#allowance.require(this.#offset + chunk.byteLength);
    for (let written = 0; written < chunk.byteLength;) {
      const at = this.#offset + written;
      const { bytesWritten } = await this.#file.write(chunk, written, undefined, at);
      written += bytesWritten;
    }
    for (const hash of this.#hashes.values()) hash.update(chunk);
    this.#offset += chunk.byteLength;
    this.#onBytes(this.#offset);
  }

  async #requireWhole({ sizeBytes, checksums }: RemoteFile): Promise<void> {
    if (sizeBytes !== undefined && this.#offset !== sizeBytes) {
      const came = this.#offset;
      if (came > sizeBytes) await this.#reset();
      throw new FetchError(`${came} bytes came of ${sizeBytes}`, true);
    }
    for (const { algorithm, hex } of checksums) {
      const digest = this.#digest(algorithm);
      if (digest === undefined || digest === hex) continue;
      await this.#reset();
      throw new WrongChecksum(algorithm);
    }
  }

  #digest(algorithm: Algorithm): string | undefined {
    return this.#hashes.get(algorithm)?.copy().digest('hex');
  }

  /** What is here, by hashes that did not see it come. */
  async #hashAgain(hashes: readonly Hash[]): Promise<void> {
    const block = Buffer.alloc(BLOCK_BYTES);
    let at = 0;
    for (;;) {
      const { bytesRead } = await this.#file.read(block, 0, block.length, at);
      if (bytesRead === 0) break;
      for (const hash of hashes) hash.update(block.subarray(0, bytesRead));
      at += bytesRead;
    }
    this.#offset = at;
  }
}

export interface TransferOptions {
  readonly allowance: FileAllowance;
  /** Called with the number of bytes that are here. */
  readonly onBytes?: (bytes: number) => void;
}

/** What came is not what the source says it has: by a fault on the way, or there. */
export class WrongChecksum extends FetchError {
  constructor(algorithm: string) {
    super(`its ${algorithm} checksum is not the one that its source tells`, true);
    this.name = 'WrongChecksum';
  }
}
