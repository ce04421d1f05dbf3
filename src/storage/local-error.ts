import { codeOf } from './local-directory.ts';
import { StorageError } from './storage.ts';

/** What the file system says when a key can't be the name of a file beside the others. */
const UNFIT_KEY = new Set(['ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'ELOOP', 'ENAMETOOLONG']);

/** Errors of the file system as StorageError; any other error (of the caller's stream) as it is. */
export function asStorageError(error: unknown, key: string): unknown {
  if (error instanceof StorageError || !isSystemError(error)) return error;
  const quoted = JSON.stringify(key);
  if (UNFIT_KEY.has(codeOf(error) ?? ''))
    return new StorageError(
      'invalid_key',
      `storage key ${quoted} lies below or above another object, or is too long for the file system`,
      { cause: error },
    );
  return new StorageError(
    'unavailable',
    `storage key ${quoted} could not be reached (${codeOf(error)})`,
    { cause: error },
  );
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
