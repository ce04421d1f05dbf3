import { invalidRequest } from '../runs/errors.ts';

const NAME_LENGTH = 255;
export const PATH_BYTES = 1024;

/**
 * Text for an indexed column, as it is. What some database would refuse, cut off or change is refused
 * on all of them: too long, NUL, lone surrogates.
 * @throws WesError `invalid_request` that names `field`.
 */
export function indexedName(field: string, text: string): string {
  if (text.length > NAME_LENGTH)
    throw invalidRequest(field, `longer than ${NAME_LENGTH} characters`);
  return requireStorable(field, text);
}

/** The same for a path: up to PATH_BYTES of UTF-8, which is also the longest key of S3. */
export function indexedPath(field: string, path: string): string {
  if (Buffer.byteLength(path) > PATH_BYTES) {
    throw invalidRequest(field, `longer than ${PATH_BYTES} bytes`);
  }
  return requireStorable(field, path);
}

/** False for a text that is no key of anything stored: PostgreSQL refuses a NUL even in a question. */
export function canBeStored(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function requireStorable(field: string, text: string): string {
  if (text.includes('\0')) throw invalidRequest(field, 'contains a NUL character');
  if (!text.isWellFormed()) throw invalidRequest(field, 'is not well-formed Unicode');
  return text;
}
