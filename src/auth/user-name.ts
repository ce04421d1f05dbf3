const MAX_LENGTH = 128;
/** A colon ends the name in HTTP Basic (RFC 7617 section 2), a comma the entry in BASIC_AUTH_USERS. */
const NAME = /^[^\p{C}\p{Z}:,]+$/u;

/**
 * Why a name can't be that of a user; undefined when it can. Names are compared as they are written:
 * `Alice` and `alice` are two users.
 */
export function problemOfUserName(name: string): string | undefined {
  if (name === '') return 'must not be empty';
  if (name.length > MAX_LENGTH) return `must not be longer than ${MAX_LENGTH} characters`;
  if (!NAME.test(name)) return 'must not have spaces, control characters, colons or commas';
  if (name !== name.normalize('NFC')) return 'must be in Unicode normalization form C';
  return undefined;
}
