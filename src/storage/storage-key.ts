import { StorageError } from './storage.ts';

/** The longest key that S3 takes, in bytes of UTF-8; the same everywhere, so that data can be moved. */
const MAX_KEY_BYTES = 1024;
/** The longest file name of the usual Linux file systems, in bytes of UTF-8. */
const MAX_SEGMENT_BYTES = 255;

/**
 * Checks the key of one object: a relative POSIX path. A backslash is a character like any other.
 * @throws StorageError `invalid_key`
 */
export function checkKey(key: string): void {
  const problem = problemOfText(key) ?? problemOfSegments(key.split('/'));
  if (problem !== undefined) throw invalidKey(key, problem);
}

/**
 * Checks the beginning of keys, which may end in the middle of a segment; empty means all keys.
 * @throws StorageError `invalid_key`
 */
export function checkPrefix(prefix: string): void {
  const problem = problemOfText(prefix) ?? problemOfSegments(prefix.split('/').slice(0, -1));
  if (problem !== undefined) throw invalidKey(prefix, problem);
}

/**
 * Checks a prefix of keys that are to be removed. An empty one is refused: no caller ever wants to
 * remove everything, but a forgotten id would.
 * @throws StorageError `invalid_key`
 */
export function checkPrefixToDelete(prefix: string): void {
  if (prefix === '') throw invalidKey(prefix, 'all objects can not be removed at once');
  checkPrefix(prefix);
}

function problemOfText(text: string): string | undefined {
  if (text.includes('\0')) return 'has a NUL character';
  // A lone surrogate has no UTF-8 form: two different keys would become one file name.
  if (!text.isWellFormed()) return 'is not well-formed Unicode';
  if (Buffer.byteLength(text) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  return undefined;
}

function problemOfSegments(segments: readonly string[]): string | undefined {
  if (segments.includes('')) return 'has an empty segment';
  if (segments.includes('.') || segments.includes('..')) return "has a segment '.' or '..'";
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES))
    return `has a segment longer than ${MAX_SEGMENT_BYTES} bytes`;
  return undefined;
}

function invalidKey(key: string, problem: string): StorageError {
  return new StorageError(
    'invalid_key',
    `storage key ${JSON.stringify(key.slice(0, 200))} ${problem}`,
  );
}
