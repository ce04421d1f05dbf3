import { describe, expect, test } from 'vitest';
import { createCostBoundedCache } from '../../src/db/cost-bounded-cache.ts';

/** A cache with a clock that moves only by what questions cost. */
function setUp(costMs: number) {
  const clock = { ms: 0 };
  const cache = createCostBoundedCache(() => clock.ms);
  let asked = 0;
  const ask = async () => {
    asked += 1;
    clock.ms += costMs;
    return asked;
  };
  return { cache, clock, ask, askedTimes: () => asked };
}

describe('the cost-bounded cache', () => {
  test('asks anew each time while that takes less than a tenth of the time', async () => {
    const { cache, clock, ask } = setUp(100);
    for (let answer = 1; answer <= 50; answer += 1) {
      expect(await cache.get('a', ask)).toBe(answer);
      clock.ms += 1000;
    }
  });

  test('spends no more than a tenth of the time however often it is asked', async () => {
    const { cache, clock, ask, askedTimes } = setUp(30);
    while (clock.ms < 100_000) {
      await cache.get('a', ask);
      clock.ms += 1;
    }
    const spentMs = askedTimes() * 30;
    expect(spentMs).toBeGreaterThan(9_000);
    expect(spentMs).toBeLessThan(100_000 * 0.1 + 1_100);
  });

  test('gives no answer that is older than ten times its cost', async () => {
    const { cache, clock, ask } = setUp(2000);
    expect(await cache.get('a', ask)).toBe(1);
    clock.ms += 7_999;
    expect(await cache.get('a', ask)).toBe(1);
    await cache.get('b', ask);
    clock.ms += 19_999 - 7_999 - 2000;
    expect(await cache.get('a', ask)).toBe(1);
    clock.ms += 1;
    expect(await cache.get('a', ask)).toBe(3);
  });

  test('lets askers share a question on its way that is too dear to ask twice', async () => {
    const { cache, clock, ask, askedTimes } = setUp(2000);
    await cache.get('a', ask);
    clock.ms += 20_000;
    await cache.get('b', ask);
    const answers = await Promise.all([1, 2, 3].map(() => cache.get('a', ask)));
    expect(answers).toEqual([3, 3, 3]);
    expect(askedTimes()).toBe(3);
  });

  test('keeps keys apart and lets the oldest go', async () => {
    const { cache, ask } = setUp(1000);
    for (let key = 0; key < 101; key += 1) await cache.get(String(key), ask);
    expect(await cache.get('100', ask)).toBe(101);
    expect(await cache.get('0', ask)).toBe(102);
  });

  test('does not remember a failure', async () => {
    const { cache, clock, ask } = setUp(1000);
    const failing = cache.get('a', async () => {
      clock.ms += 5000;
      throw new Error('gone');
    });
    await expect(failing).rejects.toThrow('gone');
    expect(await cache.get('a', ask)).toBe(1);
  });
});
