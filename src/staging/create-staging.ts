import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { redacted } from './address.ts';
import { ByteBudget } from './byte-budget.ts';
import { Patience } from './fetch-file.ts';
import { FetchError } from './protocol.ts';
import type { Protocols } from './protocols.ts';
import { SideBySide } from './side-by-side.ts';
import {
  AddressFailure,
  type FetchOne,
  type StagedFile,
  type Staging,
  type StagingOptions,
  type Trees,
} from './staging.ts';

export interface StagingDeps {
  readonly protocols: Protocols;
  readonly fetchOne: FetchOne;
  readonly trees?: Trees;
  /** Files of one run that are fetched at once. */
  readonly parallel: number;
  /** Bytes of all files of one run; 0 for any number. */
  readonly mostRunBytes: number;
  readonly close: () => void;
}

export function createStaging(deps: StagingDeps): Staging {
  const { protocols, mostRunBytes, trees } = deps;
  return {
    schemes: protocols.schemes,
    workflowSchemes: [...protocols.schemes, ...(trees?.schemes ?? [])],
    fetchFiles: (addresses, directory, options) =>
      fetchFiles([...new Set(addresses)], directory, options, deps),
    isTree: (address) => trees?.isAddress(address) ?? false,
    fetchTree: (address, workflowType, directory, options) =>
      fetchTree(
        (signal) => {
          if (trees === undefined)
            throw new FetchError('this service has no protocol for it', false);
          return trees.stage(address, workflowType, directory, signal);
        },
        { address, directory },
        options,
      ),
    createBudget: () =>
      new ByteBudget(
        mostRunBytes,
        `with it the files of the run would be larger than the ${mostRunBytes} bytes that this service fetches for a run at most (STAGING_MAX_RUN_SIZE)`,
      ),
    close: deps.close,
  };
}

async function fetchFiles(
  addresses: readonly string[],
  directory: string,
  options: StagingOptions,
  { fetchOne, parallel }: StagingDeps,
): Promise<ReadonlyMap<string, StagedFile>> {
  const places = new SideBySide(directory, addresses);
  const limit = pLimit(parallel);
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const work = addresses.map((address, index) =>
    limit(async () => {
      signal.throwIfAborted();
      const part = join(directory, `.part-${index + 1}`);
      const file = await fetchTo(part, address, { ...options, signal }, { fetchOne, places });
      return [address, file] as const;
    }),
  );
  // The first failure is told; what goes on beside it must not outlive this.
  for (const one of work) one.catch((error: unknown) => failed.abort(error));
  const results = await Promise.allSettled(work);
  options.signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  return new Map(results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
}

async function fetchTo(
  part: string,
  address: string,
  { signal, budget, onEvent = () => undefined }: StagingOptions,
  { fetchOne, places }: { readonly fetchOne: FetchOne; readonly places: SideBySide },
): Promise<StagedFile> {
  onEvent({ type: 'started', address });
  try {
    const { name, sizeBytes, isFromCache } = await fetchOne(address, part, {
      signal,
      budget,
      onBytes: (bytes) => onEvent({ type: 'progress', address, bytes }),
      onRetry: (reason, pauseMs) => onEvent({ type: 'retrying', address, reason, pauseMs }),
    });
    const path = await places.place(part, address, name);
    onEvent({ type: 'fetched', address, sizeBytes, isFromCache });
    return { path, sizeBytes, isFromCache };
  } catch (error) {
    await rm(part, { force: true });
    signal.throwIfAborted();
    throw addressFailure(address, error);
  }
}

/** One that broke begins anew: its documents are small. */
async function fetchTree(
  stage: (signal: AbortSignal) => ReturnType<Trees['stage']>,
  { address, directory }: { readonly address: string; readonly directory: string },
  { signal, onEvent = () => undefined }: Pick<StagingOptions, 'signal' | 'onEvent'>,
): Promise<string> {
  onEvent({ type: 'started', address });
  const patience = new Patience(
    { offset: 0 },
    {
      signal,
      onRetry: ({ message: reason }, pauseMs) =>
        onEvent({ type: 'retrying', address, reason, pauseMs }),
    },
  );
  try {
    for (;;) {
      try {
        return (await stage(signal)).primary;
      } catch (error) {
        signal.throwIfAborted();
        await patience.after(error);
        await rm(directory, { recursive: true });
        await mkdir(directory, { mode: 0o700 });
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw addressFailure(address, error);
  }
}

function addressFailure(address: string, error: unknown): unknown {
  if (!(error instanceof FetchError)) return error;
  const message = `${redacted(address)} could not be fetched: ${error.message}`;
  return new AddressFailure(address, message, { cause: error });
}
