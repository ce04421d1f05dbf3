/**
 * Remembers answers for a time in proportion to what they cost, so that asking costs at most a small
 * part of the time however often it happens: exact where answers are cheap, cheap where they are dear.
 */
export interface CostBoundedCache {
  /** The remembered answer for `key`, or that of `ask`; askers at the same moment share one. */
  get<T>(key: string, ask: () => Promise<T>): Promise<T>;
  /** What was asked about changed here: cheap answers are asked for again at once. */
  changed(): void;
}

/** An answer is good for this many times the duration of its question. */
const LIFETIME_FACTOR = 10;
/** Cheaper answers are never older than the latest change that this process made. */
const CHEAP_MS = 5;
const CAPACITY = 100;

interface Entry {
  readonly answer: Promise<unknown>;
  /** Number of changes before it was asked. */
  readonly changes: number;
  /** While it is being asked: what it cost the last time. */
  costMs: number;
  goodUntil: number;
}

/** `now`: a monotonic clock in ms. */
export function createCostBoundedCache(
  now: () => number = () => performance.now(),
): CostBoundedCache {
  const entries = new Map<string, Entry>();
  let changes = 0;

  function isGood(entry: Entry): boolean {
    const isCurrent = entry.changes === changes || entry.costMs >= CHEAP_MS;
    return isCurrent && now() < entry.goodUntil;
  }

  function start<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const askedAt = now();
    const answer = ask();
    const costMs = entries.get(key)?.costMs ?? 0;
    const entry: Entry = { answer, changes, costMs, goodUntil: Infinity };
    remember(key, entry);
    void measure(key, entry, askedAt);
    return answer;
  }

  async function measure(key: string, entry: Entry, askedAt: number): Promise<void> {
    try {
      await entry.answer;
      entry.costMs = now() - askedAt;
      entry.goodUntil = now() + entry.costMs * LIFETIME_FACTOR;
    } catch {
      // The asker is told; the next one asks anew.
      if (entries.get(key) === entry) entries.delete(key);
    }
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
      // A key stands for one question, so its answers have one type.
      if (entry && isGood(entry)) return entry.answer as Promise<T>;
      return start(key, ask);
    },
    changed() {
      changes += 1;
    },
  };
}
