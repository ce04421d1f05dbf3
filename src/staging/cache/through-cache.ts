import { copyFile, rename, rm } from 'node:fs/promises';
import { constants } from 'node:fs';
import { FileAllowance } from '../byte-budget.ts';
import { complete, NotWanted, type FetchedFile } from '../fetch-file.ts';
import { fromSource } from '../from-source.ts';
import { FetchError, type RemoteFile } from '../protocol.ts';
import type { FetchedOne, FetchOne, FetchOneOptions, SourceDeps } from '../staging.ts';
import { addressKey, contentKey } from './cache-key.ts';
import { copyVerified } from './copy-verified.ts';
import { evict } from './evict.ts';
import { addObject, findEntry, takeObject, type CacheEntry } from './objects.ts';
import { openPlaces, type CachePlaces } from './places.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

export interface CacheDeps extends SourceDeps {
  /** Absolute directory; daemons of the same user may share it. */
  readonly root: string;
  readonly mostBytes: number;
  /** What goes wrong with the cache itself costs time, and no run. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Each version of a file once, for all runs of the machine. The source is asked for it every time, so that nobody
 * gets what it would not give; only the bytes are not read again.
 */
export function throughCache(deps: CacheDeps): FetchOne {
  const direct = fromSource(deps);
  const underWay = new Map<string, Promise<void>>();
  return async (address, path, options) => {
    let places: CachePlaces;
    try {
      places = await openPlaces(deps.root);
    } catch (error) {
      deps.onProblem(error);
      return await direct(address, path, options);
    }
    const allowance = new FileAllowance(options.budget, deps.mostFileBytes);
    for (;;) {
      const own = { ...deps, places, underWay, allowance };
      const fetch = new CachedFetch(address, path, options, own);
      const fetched = await fetch.run();
      if (fetched !== undefined) return fetched;
    }
  };
}

interface CachedFetchDeps extends CacheDeps {
  readonly places: CachePlaces;
  readonly allowance: FileAllowance;
  /** By key of the content: what others of this process fetch right now. */
  readonly underWay: Map<string, Promise<void>>;
}

class CachedFetch {
  readonly #address: string;
  readonly #path: string;
  readonly #options: FetchOneOptions;
  readonly #deps: CachedFetchDeps;
  readonly #claims = new Map<string, () => void>();
  #found: FetchedOne | undefined;

  constructor(address: string, path: string, options: FetchOneOptions, deps: CachedFetchDeps) {
    this.#address = address;
    this.#path = path;
    this.#options = options;
    this.#deps = deps;
  }

  /** Undefined when somebody else fetched it meanwhile and it is to be looked for again. */
  async run(): Promise<FetchedOne | undefined> {
    const { places, open, pausesMs, allowance } = this.#deps;
    const { signal, onBytes, onRetry } = this.#options;
    const key = addressKey(this.#address);
    const place = await openWorkplace(places, key, { allowance, onBytes });
    try {
      const fetched = await complete(place.transfer, this.#address, {
        open,
        signal,
        allowance,
        onRetry: ({ message }, pauseMs) => onRetry(message, pauseMs),
        isWanted: (remote) => this.#isWanted(remote),
        ...(pausesMs !== undefined && { pausesMs }),
      });
      await this.#deliver(place.content, fetched);
      await place.finish();
      const { sizeBytes, name } = fetched;
      return { sizeBytes, isFromCache: false, ...(name !== undefined && { name }) };
    } catch (error) {
      await this.#leave(place, error);
      if (error instanceof NotWanted) return this.#found;
      throw error;
    } finally {
      for (const claim of this.#claims.keys()) this.#release(claim);
    }
  }

  /** What has come is of use to the next attempt, unless it is here already or the disk is full. */
  async #leave(place: Workplace, error: unknown): Promise<void> {
    const { places, mostBytes, onProblem } = this.#deps;
    const isOfUse = error instanceof FetchError || this.#options.signal.aborted;
    if (!isOfUse && !(error instanceof NotWanted && this.#found === undefined)) {
      return place.finish();
    }
    await place.keep();
    if (isOfUse) await evict(places, mostBytes, Date.now()).catch(onProblem);
  }

  /** False when it is in the cache, or on its way there. */
  async #isWanted(remote: RemoteFile): Promise<boolean> {
    const { version } = remote;
    if (version === undefined) return true;
    const key = contentKey(this.#address, version);
    if (this.#claims.has(key)) return true;
    const other = this.#deps.underWay.get(key);
    if (other !== undefined) {
      remote.body.destroy();
      await unlessAborted(other, this.#options.signal);
      return false;
    }
    // Before the look, so that nobody who looks later finds neither the file nor who fetches it.
    this.#claim(key);
    const entry = await findEntry(this.#deps.places, key);
    if (entry === undefined) return true;
    remote.body.destroy();
    this.#release(key);
    await this.#take(key, entry, remote.name);
    return false;
  }

  async #take(key: string, entry: CacheEntry, name: string | undefined): Promise<void> {
    const { places, allowance } = this.#deps;
    const { sizeBytes } = entry;
    allowance.require(sizeBytes);
    const isTaken = await takeObject(places, key, entry, this.#path, this.#options.signal);
    if (!isTaken) return;
    this.#found = { sizeBytes, isFromCache: true, ...(name !== undefined && { name }) };
  }

  #release(key: string): void {
    this.#claims.get(key)?.();
    this.#claims.delete(key);
  }

  #claim(key: string): void {
    const { underWay } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    underWay.set(key, promise);
    this.#claims.set(key, () => {
      underWay.delete(key);
      resolve();
    });
  }

  /** The run gets a copy, which it may do with what it likes, or the file itself when that is not to be kept. */
  async #deliver(content: string, fetched: FetchedFile): Promise<void> {
    const { places, mostBytes, onProblem } = this.#deps;
    const { version, sizeBytes, sha256 } = fetched;
    if (version === undefined || sizeBytes > mostBytes) return move(content, this.#path);
    const digest = await copyVerified(content, this.#path, this.#options.signal);
    if (digest !== sha256) throw new Error(`${content} is not what was written there`);
    try {
      await addObject(places, contentKey(this.#address, version), { sha256, sizeBytes }, content);
      await evict(places, mostBytes, Date.now());
    } catch (error) {
      onProblem(error);
    }
  }
}

/** The directories may be on several file systems. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await rm(from);
  }
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([work, aborted]);
  signal.throwIfAborted();
}
