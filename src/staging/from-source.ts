import { FileAllowance } from './byte-budget.ts';
import { fetchFile } from './fetch-file.ts';
import type { FetchOne, SourceDeps } from './staging.ts';

/** Each file from its source, however often it is asked for. */
export function fromSource({ open, mostFileBytes, pausesMs }: SourceDeps): FetchOne {
  return async (address, path, { signal, budget, onBytes, onRetry }) => {
    const { sizeBytes, name } = await fetchFile(address, path, {
      open,
      signal,
      allowance: new FileAllowance(budget, mostFileBytes),
      onBytes,
      onRetry: ({ message }, pauseMs) => onRetry(message, pauseMs),
      ...(pausesMs !== undefined && { pausesMs }),
    });
    return { sizeBytes, isFromCache: false, ...(name !== undefined && { name }) };
  };
}
