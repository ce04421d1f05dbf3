import { WesError } from '../runs/errors.ts';
import type { LoginThrottle } from './login-throttle.ts';
import type { PasswordVerifier, Question } from './password-verifier.ts';

/** Takes pino's place: gets a line for every login that failed, never with a password. */
export interface LoginLogger {
  warn(facts: object, message: string): void;
}

const MAX_LOGGED_NAME = 128;

/**
 * Tells whether a login is proven, within the bounds of the throttle, and logs each that is not.
 * @throws WesError `too_many_attempts`; `unavailable`
 */
export function createLogin(
  verifier: PasswordVerifier,
  throttle: LoginThrottle,
  logger: LoginLogger,
): (question: Question, address: string) => Promise<boolean> {
  function log(question: Question, address: string, facts: object, message: string): void {
    const user = question.name.slice(0, MAX_LOGGED_NAME);
    logger.warn({ user, remote_address: address, ...facts }, message);
  }

  function refuseWhileThrottled(question: Question, address: string): void {
    const waitMs = throttle.waitMs(question.name, address);
    if (waitMs === 0) return;
    log(question, address, { wait_ms: Math.ceil(waitMs) }, 'login refused');
    throw tooManyAttempts(waitMs);
  }

  async function attempt(question: Question, address: string): Promise<boolean> {
    const begun = throttle.begin(question.name, address);
    const proven = await verifier.verify(question).catch((error: unknown) => {
      begun.takeBack();
      throw error;
    });
    if (proven) begun.takeBack();
    else log(question, address, { failures: begun.failures }, 'login failed');
    return proven;
  }

  /** Such a no was counted when it was first found. */
  function repeat(question: Question, address: string, proven: boolean): boolean {
    if (!proven) log(question, address, { repeated: true }, 'login failed');
    return proven;
  }

  return async (question, address) => {
    const known = verifier.known(question);
    // A wrong password again tells its sender nothing new. Scripts with an old one send it all day:
    // that must not keep their user out.
    if (known === false) return repeat(question, address, false);
    // Joining a verification under way needs no leave: the throttle gave it to the one who began.
    if (known instanceof Promise) return repeat(question, address, await known);
    // Not even a remembered password passes now, or guesses against it would be free.
    refuseWhileThrottled(question, address);
    return known ?? attempt(question, address);
  };
}

function tooManyAttempts(waitMs: number): WesError {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return new WesError(
    'too_many_attempts',
    `too many failed logins of this user from this address: try again in ${retryAfterSeconds} s`,
    { retryAfterSeconds },
  );
}
