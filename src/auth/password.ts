import { hash, parseOptions as parseArgon2, verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';

const MIN_CHARACTERS = 8;
const MAX_CHARACTERS = 1000;
/** First choice of the OWASP password storage cheat sheet; some ten milliseconds. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Why a password can't be chosen; undefined when it can. Passwords chosen elsewhere are not judged. */
export function problemOfPassword(password: string): string | undefined {
  // RFC 7617 section 2: no control characters in the password.
  if (/\p{Cc}/u.test(password)) return 'must not have control characters';
  if (!password.isWellFormed()) return 'must be well-formed Unicode';
  const characters = Array.from(password).length;
  if (characters < MIN_CHARACTERS) return `must have at least ${MIN_CHARACTERS} characters`;
  if (characters > MAX_CHARACTERS) return `must not have more than ${MAX_CHARACTERS} characters`;
  return undefined;
}

/** PHC string of argon2id with a random salt. */
export function hashPassword(password: string): Promise<string> {
  return hash(canonical(password), ARGON2ID); // argon2id is the library's default algorithm
}

/** Whether the password is the one behind an argon2id or bcrypt hash; false for any other hash. */
export async function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  if (isArgon2id(passwordHash)) return verifyArgon2(passwordHash, canonical(password));
  if (isBcrypt(passwordHash)) return verifyBcrypt(canonical(password), passwordHash);
  return false;
}

/** True for a PHC string of argon2id and for a whole bcrypt hash (2a, 2b, 2y). */
export function isSupportedHash(text: string): boolean {
  return isArgon2id(text) || isBcrypt(text);
}

function isArgon2id(text: string): boolean {
  return text.startsWith('$argon2id$') && parses(() => parseArgon2(text));
}

function isBcrypt(text: string): boolean {
  // Two digits of cost, from 4 to 31; 22 characters of salt and 31 of digest.
  return /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(text);
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/** The same letters typed on another keyboard are the same password (RFC 8265 section 4.2.2). */
function canonical(password: string): string {
  return password.normalize('NFC');
}
