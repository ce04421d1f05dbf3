import { describe, expect, test } from 'vitest';
import { retried } from '../../src/db/retry.ts';

const dialect = { isTransient: (error: unknown) => error === 'busy' };

describe('retried', () => {
  test('repeats what failed for the sake of others until it succeeds', async () => {
    let attempts = 0;
    const result = await retried(dialect, async () => {
      attempts += 1;
      if (attempts < 4) throw 'busy';
      return 'done';
    });
    expect([result, attempts]).toEqual(['done', 4]);
  });

  test('does not repeat any other failure', async () => {
    let attempts = 0;
    const work = retried(dialect, async () => {
      attempts += 1;
      throw new Error('wrong');
    });
    await expect(work).rejects.toThrow('wrong');
    expect(attempts).toBe(1);
  });

  test('gives up when its time is over', async () => {
    const clock = { ms: 0 };
    let attempts = 0;
    const work = retried(
      dialect,
      async () => {
        attempts += 1;
        clock.ms += 15_000;
        throw 'busy';
      },
      () => clock.ms,
    );
    await expect(work).rejects.toBe('busy');
    expect(attempts).toBe(2);
  });
});
