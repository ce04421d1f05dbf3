import type { ByteBudget } from './byte-budget.ts';
import type { Opener } from './protocol.ts';

/** Has the files here that requests name by addresses. */
export interface Staging {
  /** Of the addresses of files; lower case. */
  readonly schemes: readonly string[];
  /** Of the addresses that a workflow may have; those of trees of documents among them. */
  readonly workflowSchemes: readonly string[];
  /**
   * Fetches files to below `directory`, which is there and empty: each once, under its own name, beside the
   * others whose addresses differ in the name only.
   * @throws AddressFailure for the first that can't be had; nothing of the others goes on then
   * @throws the signal's reason
   */
  fetchFiles(
    addresses: readonly string[],
    directory: string,
    options: StagingOptions,
  ): Promise<ReadonlyMap<string, StagedFile>>;
  /** True for the address of a workflow that is a tree of documents, of which the protocol tells. */
  isTree(address: string): boolean;
  /**
   * Has such a workflow in `directory`, which is there and empty; gives the path of its main document, relative
   * to that.
   * @throws AddressFailure
   * @throws the signal's reason
   */
  fetchTree(
    address: string,
    workflowType: string,
    directory: string,
    options: Pick<StagingOptions, 'signal' | 'onEvent'>,
  ): Promise<string>;
  /** For each run its own. */
  createBudget(): ByteBudget;
  /** Gives up connections that are kept for later. */
  close(): void;
}

export interface StagingOptions {
  readonly signal: AbortSignal;
  readonly budget: ByteBudget;
  readonly onEvent?: (event: StagingEvent) => void;
}

export interface StagedFile {
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly isFromCache: boolean;
}

export type StagingEvent =
  | { readonly type: 'started'; readonly address: string }
  | { readonly type: 'progress'; readonly address: string; readonly bytes: number }
  | {
      readonly type: 'retrying';
      readonly address: string;
      readonly reason: string;
      readonly pauseMs: number;
    }
  | ({ readonly type: 'fetched'; readonly address: string } & Omit<StagedFile, 'path'>);

/** Workflows that are trees of documents. */
export interface Trees {
  readonly schemes: readonly string[];
  isAddress(address: string): boolean;
  /**
   * Writes the documents below `directory`, which is there and empty.
   * @throws FetchError
   */
  stage(
    address: string,
    workflowType: string,
    directory: string,
    signal: AbortSignal,
  ): Promise<{ readonly primary: string }>;
}

/** The file at an address can't be had. */
export class AddressFailure extends Error {
  readonly address: string;

  /** @param message the reason, for people */
  constructor(address: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AddressFailure';
    this.address = address;
  }
}

/** How one file comes: from its source, or from the cache. */
export type FetchOne = (
  address: string,
  /** Absolute; nothing is there. */
  path: string,
  options: FetchOneOptions,
) => Promise<FetchedOne>;

export interface FetchOneOptions {
  readonly signal: AbortSignal;
  readonly budget: ByteBudget;
  readonly onBytes: (bytes: number) => void;
  readonly onRetry: (reason: string, pauseMs: number) => void;
}

export interface FetchedOne {
  readonly sizeBytes: number;
  readonly name?: string;
  readonly isFromCache: boolean;
}

export interface SourceDeps {
  readonly open: Opener;
  readonly mostFileBytes: number;
  readonly pausesMs?: readonly number[];
}
