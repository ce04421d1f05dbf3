import { createHmac, randomBytes } from 'node:crypto';
import { hashPassword } from './password.ts';

/**
 * Gives each unknown name a hash to be verified in vain, the same for the same name. Hashes of the
 * users that are there serve as decoys, because only they cost exactly what a hash of a user costs:
 * how long an answer takes then does not tell whether a name exists.
 * @param hashes of configured users
 * @param hasUserTable whether there are users besides, whose hashes this service made itself
 */
export function createDecoys(
  hashes: readonly string[],
  hasUserTable: boolean,
): (name: string) => Promise<string> {
  const key = randomBytes(32);
  const own = hasUserTable || hashes.length === 0 ? 1 : 0;
  let ownHash: Promise<string> | undefined;

  return async (name) => {
    const number = createHmac('sha256', key).update(name).digest().readUInt32BE(0);
    const chosen = hashes[number % (hashes.length + own)];
    if (chosen !== undefined) return chosen;
    ownHash ??= hashPassword(randomBytes(32).toString('base64'));
    return ownHash;
  };
}
