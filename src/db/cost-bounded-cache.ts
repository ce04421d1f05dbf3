/**
 * Answers to questions that may become dear. Every question is asked anew while asking takes less than
 * a tenth of the time; beyond that, an answer serves for ten times what it cost. So answers are exact
 * where they are cheap or seldom wanted, and never cost more than a fraction where they are not.
 */
export interface CostBoundedCache {
  /** The answer to the question that `key` stands for. */
  get<T>(key: string, ask: () => Promise<T>): Promise<T>;
}

/** The part of the time that asking may take. */
const SHARE = 0.1;
/** What may be spent at once after a time without questions. */
const SAVINGS_MS = 1000;
const CAPACITY = 100;

interface Entry {
  readonly answer: Promise<unknown>;
  /** For ever while it is being asked. */
  goodUntil: number;
}

/** `now`: a monotonic clock in ms. */
export function createCostBoundedCache(
  now: () => number = () => performance.now(),
): CostBoundedCache {
  const entries = new Map<string, Entry>();
  let savingsMs = SAVINGS_MS;
  let savedAt = now();

  function canAfford(): boolean {
    const time = now();
    savingsMs = Math.min(SAVINGS_MS, savingsMs + (time - savedAt) * SHARE);
    savedAt = time;
    return savingsMs > 0;
  }

  function start<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const askedAt = now();
    const answer = ask();
    const entry: Entry = { answer, goodUntil: Infinity };
    remember(key, entry);
    void settle(key, entry, askedAt);
    return answer;
  }

  async function settle(key: string, entry: Entry, askedAt: number): Promise<void> {
    try {
      await entry.answer;
    } catch {
      // The asker is told; the next one asks anew.
      if (entries.get(key) === entry) entries.delete(key);
    }
    const costMs = now() - askedAt;
    savingsMs -= costMs;
    entry.goodUntil = now() + costMs / SHARE;
  }

  function remember(key: string, entry: Entry): void {
    entries.delete(key);
    entries.set(key, entry);
    const oldest = entries.keys().next().value;
    if (entries.size > CAPACITY && oldest !== undefined) entries.delete(oldest);
  }

  return {
    get<T>(key: string, ask: () => Promise<T>): Promise<T> {
      const entry = entries.get(key);
      const isGood = entry !== undefined && now() < entry.goodUntil;
      // A key stands for one question, so its answers have one type.
      if (isGood && !canAfford()) return entry.answer as Promise<T>;
      return start(key, ask);
    },
  };
}
