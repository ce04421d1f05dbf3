import { describe, expect, it } from 'vitest';
import { createLoginThrottle } from '../../src/auth/login-throttle.ts';

describe('the throttle of logins', () => {
  it('lets a few failures pass, then makes each wait twice as long, up to a minute', () => {
    let now = 0;
    const throttle = createLoginThrottle(() => now);
    const waits: number[] = [];
    for (let failure = 1; failure <= 13; failure += 1) {
      expect(throttle.begin('alice', 'here').failures).toBe(failure);
      const waitMs = throttle.waitMs('alice', 'here');
      waits.push(waitMs);
      now += waitMs;
      expect(throttle.waitMs('alice', 'here')).toBe(0);
    }
    expect(waits).toEqual([
      0, 0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
  });

  it('counts names and addresses together', () => {
    const throttle = createLoginThrottle(() => 0);
    for (let failure = 1; failure <= 10; failure += 1) throttle.begin('alice', 'here');
    expect(throttle.waitMs('alice', 'here')).toBeGreaterThan(0);
    expect(throttle.waitMs('alice', 'elsewhere')).toBe(0);
    expect(throttle.waitMs('bob', 'here')).toBe(0);
  });

  it('counts attempts as failed from their beginning, however many begin at once', () => {
    const throttle = createLoginThrottle(() => 0);
    const attempts = Array.from({ length: 5 }, () => throttle.begin('alice', 'here'));
    expect(throttle.waitMs('alice', 'here')).toBeGreaterThan(0);
    for (const attempt of attempts) attempt.takeBack();
    expect(throttle.waitMs('alice', 'here')).toBe(0);
  });

  it('takes back one attempt and its time, not the failures before', () => {
    let now = 0;
    const throttle = createLoginThrottle(() => now);
    for (let failure = 1; failure <= 6; failure += 1) throttle.begin('alice', 'here');
    now = 2_000;
    throttle.begin('alice', 'here').takeBack();
    expect(throttle.waitMs('alice', 'here')).toBe(0);
    expect(throttle.begin('alice', 'here').failures).toBe(7);
  });

  it('forgets failures after a quarter of an hour', () => {
    let now = 0;
    const throttle = createLoginThrottle(() => now);
    for (let failure = 1; failure <= 8; failure += 1) throttle.begin('alice', 'here');
    now = 15 * 60_000 + 1;
    expect(throttle.begin('alice', 'here').failures).toBe(1);
  });
});
