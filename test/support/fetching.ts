import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAddressGuard, type AddressGuard } from '../../src/staging/address-guard.ts';
import { ByteBudget, FileAllowance } from '../../src/staging/byte-budget.ts';
import { fetchFile, type FetchedFile } from '../../src/staging/fetch-file.ts';
import { openWeb } from '../../src/staging/http.ts';
import type { OpenWeb } from '../../src/staging/open-web.ts';
import { FetchError, type Opener, type Web } from '../../src/staging/protocol.ts';
import { createWeb } from '../../src/staging/web.ts';

/** The guarded web of the service, and files fetched as it fetches them. */
export interface Fetching {
  readonly guard: AddressGuard;
  readonly web: Web;
  readonly openWeb: OpenWeb;
  /** Fetches with all retries, without pauses. */
  fetch(open: Opener, address: string): Promise<FetchedFile & { readonly content: Buffer }>;
  /** What a fetch fails with; an error when it does not. */
  failure(open: Opener, address: string): Promise<FetchError>;
  close(): void;
}

/** @param origins that may be reached although they are on loopback */
export function createFetching(origins: readonly string[]): Fetching {
  const directory = mkdtempSync(join(tmpdir(), 'test-fetching-'));
  const guard = createAddressGuard([], { origins });
  const web = createWeb({ guard, connectMs: 5000, idleMs: 5000 });
  let count = 0;
  async function fetch(open: Opener, address: string) {
    const path = join(directory, String((count += 1)));
    const fetched = await fetchFile(address, path, {
      open,
      allowance: new FileAllowance(new ByteBudget(0, 'no bytes left'), 0),
      signal: new AbortController().signal,
      pausesMs: [1, 1],
    });
    return { ...fetched, content: readFileSync(path) };
  }
  return {
    ...{ guard, web, fetch },
    openWeb: (url, request, headers) => openWeb(web, url, request, headers),
    failure: async (open, address) => {
      const outcome: unknown = await fetch(open, address).catch((error: unknown) => error);
      if (outcome instanceof FetchError) return outcome;
      throw new Error(`no FetchError, but ${String(outcome)}`);
    },
    close: () => {
      web.close();
      rmSync(directory, { recursive: true });
    },
  };
}
