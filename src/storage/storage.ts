import type { Readable } from 'node:stream';

/**
 * Where bytes live. Keys are POSIX paths without a leading slash, `.` or `..`. Bytes always pass as
 * streams; nothing is ever wholly in memory. `test/conformance/storage.ts` is the proof.
 */
export interface Storage {
  /** Writes an object: it becomes visible whole, or not at all when the stream fails. Replaces an earlier one. */
  put(key: string, body: Readable): Promise<StoredObject>;

  /**
   * Writes bytes at an offset of a growing object (a live log), which readers see at once. Writing the
   * same bytes at the same offset again changes nothing, so a writer may repeat itself after a crash.
   * @throws StorageError `gap` when the offset lies beyond the end.
   */
  append(key: string, offset: number, bytes: Uint8Array): Promise<void>;

  /**
   * Reads an object, or the part of it in `range` (both ends inclusive, as in HTTP).
   * @throws StorageError `not_found`
   */
  get(key: string, range?: ByteRange): Promise<Readable>;
  stat(key: string): Promise<ObjectStat | undefined>;
  /** All objects whose key begins with `prefix`, in the order of the keys' code points, which is that of UTF-8. */
  list(prefix: string): AsyncIterable<ObjectStat & { readonly key: string }>;
  /** Removing what is not there is not an error. */
  delete(key: string): Promise<void>;
  deletePrefix(prefix: string): Promise<void>;
  /** The storage's own address of an object: `file:///…`, `s3://bucket/…`. */
  url(key: string): string;
  /**
   * An address from which the object can be fetched without credentials for some minutes, for storages
   * that have such: clients are sent there. The answer has these headers.
   */
  downloadUrl?(key: string, headers: DownloadHeaders): Promise<string>;
  /** @throws StorageError `unavailable` when objects could not be written or read now. */
  check(): Promise<void>;
}

export interface StoredObject {
  readonly sizeBytes: number;
  /** Lower-case hex, computed while the bytes passed. */
  readonly sha256: string;
}

export interface ObjectStat {
  readonly sizeBytes: number;
  readonly modifiedAt: number;
}

export interface DownloadHeaders {
  readonly contentType: string;
  readonly contentDisposition: string;
  readonly cacheControl: string;
}

export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export class StorageError extends Error {
  readonly code: 'not_found' | 'gap' | 'invalid_key' | 'unavailable';

  constructor(code: StorageError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }
}
