import type { Readable } from 'node:stream';

/**
 * How files that requests name by addresses are fetched before an engine starts. One file for each
 * protocol; retries, going on after a break, size limits, checksums and the cache are the same for all.
 */
export interface Protocol {
  /** Lower case, without the colon. */
  readonly schemes: readonly string[];
  /**
   * Begins to read the file at `address`, whose scheme is one of these.
   * @throws FetchError
   */
  open(address: string, request: OpenRequest): Promise<RemoteFile>;
}

export interface OpenRequest {
  /** Bytes that were read before the connection broke; above 0 only with `version`. */
  readonly offset: number;
  /** `version` of the file whose first bytes were read: one that has another by now is opened from its beginning. */
  readonly version?: string;
  readonly signal: AbortSignal;
}

export interface RemoteFile {
  /** Where `body` begins: the offset that was asked for, or 0. */
  readonly offset: number;
  /** Of the whole file, where the source tells. */
  readonly sizeBytes?: number;
  /**
   * What is another one when the content is: a strong ETag, a generation, a checksum. Without it a broken
   * transfer begins anew and nothing is cached.
   */
  readonly version?: string;
  /** What the source says of the whole file; each is compared with what came. */
  readonly checksums: readonly Checksum[];
  /** What the source calls the file, when that is not the end of its address. */
  readonly name?: string;
  /** May be destroyed unread. */
  readonly body: Readable;
}

export interface Checksum {
  /** As `node:crypto` names it. */
  readonly algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512';
  /** Lower case. */
  readonly hex: string;
}

/** Opens an address of any protocol that the service has: for those that only tell where a file lies. */
export type Opener = Protocol['open'];

/** Requests to the web that do not reach what is not to be reached: each address is checked, after DNS. */
export interface Web {
  /**
   * Follows redirects, to other hosts without `authorization`.
   * @throws FetchError also for answers other than 2xx
   */
  get(url: string, options: WebOptions): Promise<WebAnswer>;
}

export interface WebOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface WebAnswer {
  /** After redirects. */
  readonly url: string;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readable;
}

export interface FetchErrorOptions extends ErrorOptions {
  /** Of the answer, where there was one. */
  readonly status?: number;
  /** How long the server wants to be left alone. */
  readonly retryAfterSeconds?: number;
}

export class FetchError extends Error {
  /** False when to ask again would give the same answer. */
  readonly isPassing: boolean;
  readonly status?: number;
  readonly retryAfterSeconds?: number;

  /** @param reason for people; goes on after "ADDRESS could not be fetched: " */
  constructor(reason: string, isPassing: boolean, options: FetchErrorOptions = {}) {
    super(reason, options);
    this.name = 'FetchError';
    this.isPassing = isPassing;
    if (options.status !== undefined) this.status = options.status;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
