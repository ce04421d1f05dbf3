import { invalidRequest } from '../runs/errors.ts';
import { isSupportedHash } from './password.ts';
import type { User } from './user-store.ts';
import { problemOfUserName } from './user-name.ts';

/** A user of the configuration; it is never disabled, and goes before one of the same name in the table. */
export type ConfiguredUser = Pick<User, 'name' | 'passwordHash' | 'isAdmin'>;

/**
 * Reads BASIC_AUTH_USERS, `name:hash,name:hash`, and BASIC_AUTH_ADMINS, names out of it. Messages never
 * show a hash, nor what stands in its place.
 * @throws WesError `invalid_request`
 */
export function parseConfiguredUsers(
  users: string,
  admins: readonly string[],
): readonly ConfiguredUser[] {
  const parsed = splitEntries(users).map((entry, index) => parseEntry(entry, index + 1, admins));
  const names = parsed.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalidRequest('BASIC_AUTH_USERS', `names ${twice} twice`);
  const unknown = admins.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw invalidRequest('BASIC_AUTH_ADMINS', `${unknown} is not in BASIC_AUTH_USERS`);
  return parsed;
}

/** An argon2id hash has commas in itself (`m=19456,t=2,p=1`): a comma splits only where a `name:` follows. */
function splitEntries(text: string): readonly string[] {
  return text
    .split(/,(?=[^:,]+:)/)
    .map((entry) => entry.replace(/[\s,]+$/, '').trimStart())
    .filter((entry) => entry !== '');
}

function parseEntry(entry: string, position: number, admins: readonly string[]): ConfiguredUser {
  const colon = entry.indexOf(':');
  if (colon === -1) throw problemOfEntry(position, 'must be written name:hash');
  const name = entry.slice(0, colon).trim();
  const nameProblem = problemOfUserName(name);
  if (nameProblem !== undefined) throw problemOfEntry(position, `the name ${nameProblem}`);
  const passwordHash = entry.slice(colon + 1).trim();
  if (!isSupportedHash(passwordHash))
    throw problemOfEntry(
      position,
      `${name} needs a whole argon2id ($argon2id$…) or bcrypt ($2b$…) hash`,
    );
  return { name, passwordHash, isAdmin: admins.includes(name) };
}

function problemOfEntry(position: number, problem: string): Error {
  return invalidRequest('BASIC_AUTH_USERS', `entry ${position}: ${problem}`);
}
