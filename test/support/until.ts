import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;

/**
 * Waits until `check` gives something truthy, and gives that. Never a plain sleep: tests wait on the
 * condition itself, with a bound (10 s unless told) after which they fail with `message`.
 */
export async function until<T>(
  check: () => T | Promise<T>,
  options: { readonly timeoutMs?: number; readonly message?: string } = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await check();
    // Truthy, so none of the excluded values.
    if (value) return value as Exclude<Awaited<T>, false | null | undefined | 0 | ''>;
    if (performance.now() > deadline) {
      throw new Error(options.message ?? `The condition was not met within ${timeoutMs} ms.`);
    }
    await delay(POLL_MS);
  }
}
