import { setTimeout as delay } from 'node:timers/promises';
import { isTransient, WesClientError } from '../../../wes/client-error.ts';
import type { Bytes, WesClient } from '../../../wes/client.ts';
import { checkContent, hasChecksum, measureFile } from './checksum.ts';
import type { RemoteFile } from './output-files.ts';
import { PartialFile } from './partial-file.ts';
import { placeOf } from './places.ts';

/** A file that is now on this machine. */
export interface DownloadedFile {
  readonly path: string;
  readonly size: number;
  /** False when the server told no checksum that could be checked. */
  readonly isVerified: boolean;
  /** True when it was here already, and right. */
  readonly wasThere: boolean;
}

export interface DownloadTask {
  readonly client: Pick<WesClient, 'read'>;
  readonly file: RemoteFile;
  /** Real path of the directory that it belongs in. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Told how many bytes are here of it, each time that there are more, or fewer. */
  readonly onProgress: (bytes: number) => void;
}

/** Pauses before each new try after one that brought no byte. */
const RETRY_PAUSES_MS = [0, 500, 1000, 2000, 4000];
/** A connection on which nothing comes for so long is as good as broken. */
const STALLED_MS = 60_000;

/**
 * Fetches a file to its place. It appears there whole or not at all. A connection that breaks is replaced
 * by another that goes on where it broke; what is there after all of them broke is kept for the next time.
 * @throws WesClientError when the server can't give it, names a place outside the directory, or gives
 *   other bytes than its size and checksum say.
 */
export async function downloadFile(task: DownloadTask): Promise<DownloadedFile> {
  const { file, directory, signal, onProgress } = task;
  refuseOtherProtocols(file);
  const place = await placeOf(directory, file.path);
  const there = await alreadyThere(task, place);
  if (there !== undefined) return there;
  const partial = await PartialFile.open(directory, file, signal);
  onProgress(partial.measure.size);
  let isVerified: boolean;
  try {
    isVerified = await fetchWhole(task, partial);
  } catch (error) {
    if (isDamaged(error)) await partial.discard();
    else await partial.keep();
    throw error;
  }
  const { size } = partial.measure;
  await partial.finish(place);
  return { path: place, size, isVerified, wasThere: false };
}

/** Only a checksum tells that a file is the right one. */
async function alreadyThere(
  { file, signal, onProgress }: DownloadTask,
  place: string,
): Promise<DownloadedFile | undefined> {
  if (!hasChecksum(file)) return undefined;
  const measure = await measureFile(place, file, signal);
  if (measure === undefined) return undefined;
  try {
    checkContent(file, measure);
  } catch {
    return undefined; // something else, which the right one replaces
  }
  onProgress(measure.size);
  return { path: place, size: measure.size, isVerified: true, wasThere: true };
}

class DamagedError extends WesClientError {}

function isDamaged(error: unknown): boolean {
  return error instanceof DamagedError;
}

async function fetchWhole(task: DownloadTask, partial: PartialFile): Promise<boolean> {
  const wasBegun = partial.measure.size > 0;
  await fetchRest(task, partial);
  try {
    return checkContent(task.file, partial.measure);
  } catch (error) {
    if (wasBegun) {
      // What was kept from another time may be what is wrong.
      await partial.restart();
      return await fetchWhole(task, partial);
    }
    const message = error instanceof Error ? error.message : String(error);
    throw new DamagedError('server_error', message, undefined, { cause: error });
  }
}

/** Fetches until the end of the file, over as many connections as it takes. */
async function fetchRest(task: DownloadTask, partial: PartialFile): Promise<void> {
  let etag: string | undefined;
  for (let failures = 0; ;) {
    const before = partial.measure.size;
    try {
      etag = await fetchOnce(task, partial, etag);
      return;
    } catch (error) {
      task.signal.throwIfAborted();
      failures = partial.measure.size > before ? 0 : failures + 1;
      const pause = RETRY_PAUSES_MS[failures];
      if (!(isTransient(error) || error instanceof BrokenError) || pause === undefined) {
        throw error instanceof BrokenError ? brokenOff(task.file, error) : error;
      }
      if (error instanceof BrokenError) etag = error.etag;
      await delay(pause, undefined, { signal: task.signal });
    }
  }
}

/** The connection broke while bytes came. */
class BrokenError extends Error {
  readonly etag: string | undefined;

  constructor(etag: string | undefined, cause: unknown) {
    super('the connection broke', { cause });
    this.name = 'BrokenError';
    this.etag = etag;
  }
}

function brokenOff({ path }: RemoteFile, error: BrokenError): WesClientError {
  const message = `${path} did not come whole: ${error.message} again and again; the same command goes on where it broke`;
  return new WesClientError('unreachable', message, undefined, { cause: error });
}

async function fetchOnce(
  task: DownloadTask,
  partial: PartialFile,
  etag: string | undefined,
): Promise<string | undefined> {
  const { client, file, signal, onProgress } = task;
  const start = partial.measure.size;
  if (start > 0 && start === file.size) return etag;
  const canGoOn = start > 0 && (hasChecksum(file) || etag !== undefined);
  // With a checksum it shows in the end whether it was the same version; a bucket's tag is another than ours.
  const version = !hasChecksum(file) && etag !== undefined ? { etag } : {};
  const bytes = await client.read(file.address, canGoOn ? { start, ...version } : undefined);
  if (!continues(bytes, start)) await partial.restart();
  await receive(bytes, partial, { signal, onProgress });
  return bytes.etag;
}

function continues({ isPartial, start }: Bytes, from: number): boolean {
  return isPartial && (start === undefined || start === from);
}

async function receive(
  { body, etag }: Bytes,
  partial: PartialFile,
  { signal, onProgress }: Pick<DownloadTask, 'signal' | 'onProgress'>,
): Promise<void> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  // Cancelling ends a read that waits.
  const cancel = () => void reader.cancel().catch(() => undefined);
  let isStalled = false;
  const timer = setTimeout(() => {
    isStalled = true;
    cancel();
  }, STALLED_MS);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for (;;) {
      const chunk = await reader.read().catch((error: unknown) => {
        throw new BrokenError(etag, error);
      });
      signal.throwIfAborted();
      if (isStalled) throw new BrokenError(etag, new Error('nothing came for a minute'));
      if (chunk.done) return;
      timer.refresh();
      await partial.append(chunk.value);
      onProgress(partial.measure.size);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

function refuseOtherProtocols(file: RemoteFile): void {
  if (!/^(?!https?:)[a-z][a-z0-9+.-]*:/i.test(file.address)) return;
  throw new WesClientError('refused', `${file.path} lies at ${file.address}: fetch it from there`);
}
