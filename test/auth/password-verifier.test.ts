import { hash } from '@node-rs/bcrypt';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPasswordVerifier } from '../../src/auth/password-verifier.ts';
import type { PasswordVerifier, Question } from '../../src/auth/password-verifier.ts';

describe('the verifier of passwords', () => {
  let question: Question;
  beforeAll(async () => {
    const passwordHash = await hash('right', 4);
    question = { name: 'alice', password: 'right', passwordHash, mayMatch: true };
  });
  let verifier: PasswordVerifier;
  beforeEach(() => {
    verifier = createPasswordVerifier();
  });

  it('knows nothing at first, then remembers yes and no', async () => {
    const wrong = { ...question, password: 'wrong' };
    expect(verifier.known(question)).toBeUndefined();
    expect(await verifier.verify(question)).toBe(true);
    expect(await verifier.verify(wrong)).toBe(false);
    expect(verifier.known(question)).toBe(true);
    expect(verifier.known(wrong)).toBe(false);
    expect(await verifier.verify(question)).toBe(true);
  });

  it('is asked something new with every other name, password and hash', async () => {
    await verifier.verify(question);
    const other = await hash('right', 4);
    for (const change of [
      { name: 'bob' },
      { password: 'righ' },
      { passwordHash: other },
      { mayMatch: false },
      { name: 'alice","right', password: '' },
    ])
      expect(verifier.known({ ...question, ...change })).toBeUndefined();
  });

  it('says no to the right password where nothing may match', async () => {
    expect(await verifier.verify({ ...question, mayMatch: false })).toBe(false);
  });

  it('shares an answer that is being computed', async () => {
    const first = verifier.verify(question);
    expect(verifier.known(question)).toBeInstanceOf(Promise);
    expect(await verifier.verify(question)).toBe(true);
    expect(await first).toBe(true);
  });

  it('turns away whom it would keep waiting for long, and recovers', async () => {
    const verified = await Promise.allSettled(
      Array.from({ length: 600 }, (_, index) =>
        verifier.verify({ ...question, name: `user-${index}` }),
      ),
    );
    const refused = verified.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(98);
    expect(refused[0]).toMatchObject({ reason: { code: 'unavailable' } });
    expect(await verifier.verify(question)).toBe(true);
  });
});
