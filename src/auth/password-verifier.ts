import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { WesError } from '../runs/errors.ts';
import { verifyPassword } from './password.ts';

/** Hashes run in the threads that files are read with too: they must never take all four of them. */
const HASHES_AT_ONCE = 2;
/** Some seconds of work; whoever comes later is turned away rather than kept waiting. */
const MAX_WAITING = 500;
const MAX_REMEMBERED = 10_000;

/** A question whose answer never changes: is this password the one behind this hash? */
export interface Question {
  readonly name: string;
  readonly password: string;
  readonly passwordHash: string;
  /** False when the answer is no for another reason; the hash is computed for its cost alone. */
  readonly mayMatch: boolean;
}

/**
 * Verifies passwords and remembers the answers, so that a client that polls pays for one hash. What is
 * remembered is found by a keyed digest of name, password and stored hash together: a changed password
 * asks a new question, and neither the memory nor the timing of a look-up gives a password away.
 */
export interface PasswordVerifier {
  /** The answer, when it is known or just being computed for somebody else; else undefined. */
  known(question: Question): boolean | Promise<boolean> | undefined;
  /** @throws WesError `unavailable` when too many are waiting */
  verify(question: Question): Promise<boolean>;
}

export function createPasswordVerifier(): PasswordVerifier {
  const key = randomBytes(32);
  // Apart from each other: guesses, of which there may be many, must not displace what was verified.
  const matches = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  const mismatches = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  const running = new Map<string, Promise<boolean>>();
  const limit = pLimit(HASHES_AT_ONCE);

  function digest({ name, password, passwordHash, mayMatch }: Question): string {
    const text = JSON.stringify([name, password, passwordHash, mayMatch]);
    return createHmac('sha256', key).update(text).digest('base64');
  }

  function known(id: string): boolean | Promise<boolean> | undefined {
    if (matches.get(id) === true) return true;
    if (mismatches.get(id) === true) return false;
    return running.get(id);
  }

  async function compute(question: Question, id: string): Promise<boolean> {
    try {
      const matched = await verifyPassword(question.passwordHash, question.password);
      const answer = matched && question.mayMatch;
      (answer ? matches : mismatches).set(id, true);
      return answer;
    } finally {
      running.delete(id);
    }
  }

  return {
    known: (question) => known(digest(question)),
    async verify(question) {
      const id = digest(question);
      const answer = known(id);
      if (answer !== undefined) return answer;
      if (limit.pendingCount >= MAX_WAITING)
        throw new WesError('unavailable', 'too many logins at once: try again in a few seconds');
      const computed = limit(() => compute(question, id));
      running.set(id, computed);
      return computed;
    },
  };
}
