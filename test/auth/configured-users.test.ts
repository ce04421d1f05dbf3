import { describe, expect, it } from 'vitest';
import { parseConfiguredUsers } from '../../src/auth/configured-users.ts';

const ARGON2ID =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$RdescudvJCsgt3ub+b/dWRWJTmaaJObGRdescudvJCs';
const BCRYPT = '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy';

describe('BASIC_AUTH_USERS', () => {
  it('takes argon2id hashes with their commas beside bcrypt hashes, in any order', () => {
    const users = parseConfiguredUsers(
      `alice:${ARGON2ID},bob:${BCRYPT},carol@example.org:${ARGON2ID},d=1:${BCRYPT}`,
      ['bob'],
    );
    expect(users).toEqual([
      { name: 'alice', passwordHash: ARGON2ID, isAdmin: false },
      { name: 'bob', passwordHash: BCRYPT, isAdmin: true },
      { name: 'carol@example.org', passwordHash: ARGON2ID, isAdmin: false },
      { name: 'd=1', passwordHash: BCRYPT, isAdmin: false },
    ]);
  });

  it('may have white space and commas around entries, and may be empty', () => {
    expect(parseConfiguredUsers(` alice:${ARGON2ID} ,\n bob:${BCRYPT},\n`, [])).toHaveLength(2);
    expect(parseConfiguredUsers('', [])).toEqual([]);
    expect(parseConfiguredUsers(' , ', [])).toEqual([]);
  });

  it.each([
    [`alice:${ARGON2ID},alice:${BCRYPT}`, 'names alice twice'],
    ['alice', 'entry 1: must be written name:hash'],
    [`bob:${BCRYPT},:${BCRYPT}`, 'bob needs a whole'],
    [`a b:${BCRYPT}`, 'entry 1: the name must not have spaces'],
    [`bob:${BCRYPT},alice:hunter2`, 'entry 2: alice needs a whole'],
    [`alice:${ARGON2ID.slice(0, 40)}`, 'alice needs a whole'],
  ])('is refused when it is %j', (text, problem) => {
    expect(() => parseConfiguredUsers(text, [])).toThrow(problem);
  });

  it('is refused without showing what stands in place of a hash', () => {
    expect(() => parseConfiguredUsers('alice:hunter2', [])).not.toThrow('hunter2');
  });

  it('must have every name of BASIC_AUTH_ADMINS', () => {
    expect(() => parseConfiguredUsers(`alice:${BCRYPT}`, ['alice', 'bob'])).toThrow(
      'BASIC_AUTH_ADMINS: bob is not in BASIC_AUTH_USERS',
    );
  });
});
