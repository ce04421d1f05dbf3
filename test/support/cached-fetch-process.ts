/**
 * Fetches files through a cache that other processes use at the same time:
 * node cached-fetch-process.ts LABEL '<order as JSON>'. Ends with 1 when one is not what it should be.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createAddressGuard } from '../../src/staging/address-guard.ts';
import { ByteBudget } from '../../src/staging/byte-budget.ts';
import { throughCache } from '../../src/staging/cache/through-cache.ts';
import { createHttpProtocol } from '../../src/staging/http.ts';
import { createWeb } from '../../src/staging/web.ts';

interface Order {
  readonly root: string;
  readonly mostBytes: number;
  readonly url: string;
  readonly names: readonly string[];
  readonly directory: string;
}

const ROUNDS = 5;
const [label = '', text = ''] = process.argv.slice(2);
const { root, mostBytes, url, names, directory } = JSON.parse(text) as Order; // by the test
const guard = createAddressGuard(['127.0.0.1']);
const web = createWeb({ guard, connectMs: 5000, idleMs: 5000 });
const fetchOne = throughCache({
  open: createHttpProtocol(web).open,
  ...{ root, mostBytes, mostFileBytes: 0 },
  onProblem: (error) => {
    throw error;
  },
});
for (let round = 0; round < ROUNDS; round += 1) {
  await Promise.all(
    names.map(async (name) => {
      const path = join(directory, `${label}-${name}`);
      await fetchOne(`${url}/${name}`, path, {
        signal: new AbortController().signal,
        budget: new ByteBudget(0, ''),
        onBytes: () => undefined,
        onRetry: () => undefined,
      });
      if (readFileSync(path, 'utf8') !== name.repeat(20_000)) process.exitCode = 1;
      rmSync(path);
    }),
  );
}
web.close();
