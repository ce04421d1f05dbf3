import { LRUCache } from 'lru-cache';

const FREE_FAILURES = 5;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const FORGOTTEN_AFTER_MS = 15 * 60_000;
const MAX_ENTRIES = 10_000;

/**
 * Slows down the guessing of passwords. Failures are counted by name and address together, so that
 * guesses from one address do not lock the user out at another; after a few of them each further one
 * has to wait twice as long as the one before, up to a bound. A success does not wipe the count, or a
 * user who polls would give fresh guesses to others at the same address; time does.
 */
export interface LoginThrottle {
  /** How long attempts are refused from now on, in ms; 0 when the next may come. */
  waitMs(name: string, address: string): number;
  /**
   * Begins an attempt. It counts as failed until it is taken back, so that many attempts at once are
   * not cheaper than one after the other.
   */
  begin(name: string, address: string): Attempt;
}

interface Attempt {
  /** Failures so far, this one included. */
  readonly failures: number;
  /** The attempt was no wrong guess. */
  takeBack(): void;
}

interface Failures {
  readonly count: number;
  readonly latestAt: number;
}

const NONE: Failures = { count: 0, latestAt: 0 };

/** @param monotonicNow milliseconds on a clock that only goes forward */
export function createLoginThrottle(monotonicNow: () => number): LoginThrottle {
  const failures = new LRUCache<string, Failures>({
    max: MAX_ENTRIES,
    ttl: FORGOTTEN_AFTER_MS,
    ttlResolution: 0,
    perf: { now: () => monotonicNow() + 1 }, // to this library a time of 0 is none
  });

  return {
    waitMs(name, address) {
      const { count, latestAt } = failures.get(keyOf(name, address)) ?? NONE;
      return count === 0 ? 0 : Math.max(0, latestAt + delayAfter(count) - monotonicNow());
    },
    begin(name, address) {
      const key = keyOf(name, address);
      const before = failures.get(key) ?? NONE;
      const latest = { count: before.count + 1, latestAt: monotonicNow() };
      failures.set(key, latest);
      return { failures: latest.count, takeBack: () => takeBack(failures, key, before, latest) };
    },
  };
}

function takeBack(
  failures: LRUCache<string, Failures>,
  key: string,
  before: Failures,
  taken: Failures,
): void {
  const current = failures.get(key);
  if (current === undefined) return;
  const count = current.count - 1;
  if (count === 0) failures.delete(key);
  // Attempts that came meanwhile keep their time.
  else failures.set(key, current === taken ? before : { ...current, count });
}

function keyOf(name: string, address: string): string {
  return JSON.stringify([name, address]);
}

function delayAfter(count: number): number {
  if (count < FREE_FAILURES) return 0;
  return Math.min(FIRST_DELAY_MS * 2 ** (count - FREE_FAILURES), LONGEST_DELAY_MS);
}
