import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { FetchError, type Opener, type RemoteFile } from './protocol.ts';
import { Transfer, WrongChecksum, type TransferOptions } from './transfer.ts';
import { asFetchError } from './web-errors.ts';

/** A server that restarts, or is overloaded, is back within two minutes. */
const PAUSES_MS: readonly number[] = [500, 2000, 5000, 15_000, 30_000, 60_000];
const LONGEST_PAUSE_MS = 120_000;

export interface FetchOptions extends TransferOptions {
  readonly open: Opener;
  readonly signal: AbortSignal;
  /** Between attempts after which nothing more had come. */
  readonly pausesMs?: readonly number[];
  readonly onRetry?: (failure: FetchError, pauseMs: number) => void;
  /** Asked of what was opened before it is read; by default it is wanted. */
  readonly isWanted?: (remote: RemoteFile) => Promise<boolean>;
}

/** What was opened is not wanted after all; it was not read. */
export class NotWanted extends Error {}

export interface FetchedFile {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly version?: string;
  /** What the source calls it, when that is not the end of its address. */
  readonly name?: string;
}

/**
 * Writes the file at an address to `path`, which must not exist; nothing stays there when that fails.
 * @throws FetchError when it can't be had
 * @throws the signal's reason
 */
export async function fetchFile(
  address: string,
  path: string,
  options: FetchOptions,
): Promise<FetchedFile> {
  const transfer = await Transfer.begin(path, options);
  try {
    return await complete(transfer, address, options);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await transfer.close();
  }
}

/**
 * Fetches the rest of a file.
 * @throws as `fetchFile`; what has come stays
 * @throws NotWanted
 */
export async function complete(
  transfer: Transfer,
  address: string,
  options: FetchOptions,
): Promise<FetchedFile> {
  const { open, signal, isWanted = async () => true } = options;
  const patience = new Patience(transfer, options);
  for (;;) {
    try {
      signal.throwIfAborted();
      const remote = await openRest(transfer, address, open, signal);
      await requireWanted(remote, isWanted);
      await transfer.take(remote, signal);
      const { name, version } = remote;
      return {
        sizeBytes: transfer.offset,
        sha256: transfer.sha256(),
        ...(version !== undefined && { version }),
        ...(name !== undefined && { name }),
      };
    } catch (error) {
      signal.throwIfAborted();
      await patience.after(error);
    }
  }
}

async function requireWanted(
  remote: RemoteFile,
  isWanted: NonNullable<FetchOptions['isWanted']>,
): Promise<void> {
  // It may fail while that is found out, which is of no interest to anybody until it is read.
  remote.body.on('error', () => undefined);
  if (await isWanted(remote)) return;
  remote.body.destroy();
  throw new NotWanted();
}

async function openRest(
  { offset, version }: Transfer,
  address: string,
  open: Opener,
  signal: AbortSignal,
): Promise<RemoteFile> {
  const rest = offset > 0 && version !== undefined ? { offset, version } : { offset: 0 };
  return await openOnce(address, open, { ...rest, signal });
}

/** @throws FetchError also for errors of connections that the protocol let through */
async function openOnce(
  address: string,
  open: Opener,
  request: Parameters<Opener>[1],
): Promise<RemoteFile> {
  try {
    return await open(address, request);
  } catch (error) {
    request.signal.throwIfAborted();
    throw asFetchError(error);
  }
}

/** As long as each attempt brings the transfer further than any before, it goes on: large files take many on bad lines. */
export class Patience {
  readonly #transfer: Pick<Transfer, 'offset'>;
  readonly #options: Pick<FetchOptions, 'signal' | 'pausesMs' | 'onRetry'>;
  #failures = 0;
  #furthest: number;
  #wrongChecksums = 0;

  constructor(
    transfer: Pick<Transfer, 'offset'>,
    options: Pick<FetchOptions, 'signal' | 'pausesMs' | 'onRetry'>,
  ) {
    this.#transfer = transfer;
    this.#options = options;
    this.#furthest = transfer.offset;
  }

  /** @throws the error when there is no use in another attempt, the signal's reason when it comes in the pause */
  async after(error: unknown): Promise<void> {
    const { signal, pausesMs = PAUSES_MS, onRetry } = this.#options;
    if (!(error instanceof FetchError) || !error.isPassing) throw error;
    // Once it may have been a fault on the way.
    if (error instanceof WrongChecksum && (this.#wrongChecksums += 1) > 1) throw error;
    if (this.#transfer.offset > this.#furthest) {
      this.#furthest = this.#transfer.offset;
      this.#failures = 0;
    }
    const pauseMs = pausesMs[this.#failures];
    if (pauseMs === undefined) throw error;
    this.#failures += 1;
    const wishedMs = (error.retryAfterSeconds ?? 0) * 1000;
    const restMs = Math.min(Math.max(pauseMs, wishedMs), LONGEST_PAUSE_MS);
    onRetry?.(error, restMs);
    try {
      await delay(restMs, undefined, { signal });
    } catch {
      signal.throwIfAborted();
    }
  }
}
