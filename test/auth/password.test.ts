import { hash as bcryptHash } from '@node-rs/bcrypt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hashPassword,
  isSupportedHash,
  problemOfPassword,
  verifyPassword,
} from '../../src/auth/password.ts';

describe('a password', () => {
  it('is verified against its argon2id hash, and no other password is', async () => {
    const hash = await hashPassword('correct horse: battery');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verifyPassword(hash, 'correct horse: battery')).toBe(true);
    expect(await verifyPassword(hash, 'correct horse: batterY')).toBe(false);
    expect(await verifyPassword(hash, '')).toBe(false);
  });

  it('has another hash each time', async () => {
    expect(await hashPassword('same password')).not.toBe(await hashPassword('same password'));
  });

  it.each(['2a', '2b', '2y'] as const)(
    'is verified against a bcrypt hash $%s$',
    async (version) => {
      // The library writes 2b; the others name the same algorithm.
      const hash = (await bcryptHash('päss:wörd 🧬', 4)).replace('$2b$', `$${version}$`);
      expect(isSupportedHash(hash)).toBe(true);
      expect(await verifyPassword(hash, 'päss:wörd 🧬')).toBe(true);
      expect(await verifyPassword(hash, 'pass:word')).toBe(false);
    },
  );

  it('is the same password however its letters were composed', async () => {
    const hash = await hashPassword('cafe\u0301 creme');
    expect(await verifyPassword(hash, 'caf\u00e9 creme')).toBe(true);
  });

  it('is never verified against a hash that is none', async () => {
    for (const hash of ['', 'plain', '$argon2id$', '$2b$', '$2b$10$short'])
      expect(await verifyPassword(hash, hash)).toBe(false);
  });

  it.each([
    ['short12', 'at least 8'],
    ['with\nnewline', 'control'],
    ['lone surrogate \ud800', 'Unicode'],
    ['x'.repeat(1001), 'more than 1000'],
  ])('is refused when it is %j', (password, problem) => {
    expect(problemOfPassword(password)).toContain(problem);
  });

  it('may have any other characters', () => {
    expect(problemOfPassword('a:b,c d"\\🧬')).toBeUndefined();
    expect(problemOfPassword('🧬'.repeat(8))).toBeUndefined();
  });
});

describe('a hash', () => {
  it.each([
    '$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b/dWRWJTmaaJObG',
    '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ',
    '$2x$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
    '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhW',
    '$2b$99$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
    '$apr1$salt$hash',
    '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    'secret',
    '',
  ])('like %j is not taken', (text) => {
    expect(isSupportedHash(text)).toBe(false);
  });

  it('that is any text is judged without an error', () => {
    fc.assert(fc.property(fc.string(), (text) => !isSupportedHash(text)));
  });
});
