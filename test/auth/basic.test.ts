import { hash as bcryptHash } from '@node-rs/bcrypt';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnonymousAuthenticator } from '../../src/auth/anonymous.ts';
import { createBasicAuthenticator } from '../../src/auth/basic.ts';
import { hashPassword } from '../../src/auth/password.ts';
import type { Authenticator, Principal } from '../../src/auth/principal.ts';
import type { User, UserStore } from '../../src/auth/user-store.ts';
import { basic } from '../support/basic.ts';

const HERE = '192.0.2.1';
const ELSEWHERE = '192.0.2.2';

describe('without authentication', () => {
  it('everybody is the same admin, and no credentials are asked for', async () => {
    const authenticator = createAnonymousAuthenticator();
    const principal = { name: 'anonymous', isAdmin: true };
    expect(await authenticator.authenticate({ remoteAddress: HERE })).toEqual(principal);
    expect(
      await authenticator.authenticate({ remoteAddress: HERE, authorization: basic('a', 'b') }),
    ).toEqual(principal);
    expect(authenticator.challenge).toBeUndefined();
  });
});

describe('HTTP Basic', () => {
  let aliceHash: string;
  let bobHash: string;
  let carolHash: string;
  beforeAll(async () => {
    aliceHash = await hashPassword('password of alice');
    bobHash = await bcryptHash('päss:of bob', 4);
    carolHash = await hashPassword('password of carol');
  });

  let rows: Map<string, User>;
  let now: number;
  let lines: { facts: object; message: string }[];
  let authenticator: Authenticator;
  beforeEach(() => {
    rows = new Map([['carol', user({ name: 'carol', passwordHash: carolHash })]]);
    now = 0;
    lines = [];
    authenticator = createBasicAuthenticator({
      configuredUsers: [
        { name: 'alice', passwordHash: aliceHash, isAdmin: true },
        { name: 'bob', passwordHash: bobHash, isAdmin: false },
      ],
      userStore: tableOf(rows),
      monotonicNow: () => now,
      logger: { warn: (facts, message) => lines.push({ facts, message }) },
    });
  });

  const login = (name: string, password: string, remoteAddress = HERE): Promise<Principal> =>
    authenticator.authenticate({ authorization: basic(name, password), remoteAddress });
  const outcomeOf = (name: string, password: string, address = HERE): Promise<unknown> =>
    login(name, password, address).then(
      () => 'passed',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
    );

  it('knows users of the configuration and of the table', async () => {
    expect(await login('alice', 'password of alice')).toEqual({ name: 'alice', isAdmin: true });
    expect(await login('bob', 'päss:of bob')).toEqual({ name: 'bob', isAdmin: false });
    expect(await login('carol', 'password of carol')).toEqual({ name: 'carol', isAdmin: false });
    expect(lines).toEqual([]);
  });

  it('asks for UTF-8 credentials', () => {
    expect(authenticator.challenge).toBe('Basic realm="WES", charset="UTF-8"');
  });

  it.each([undefined, '', 'Bearer token', 'Basic ???', 'Basic bm9jb2xvbg=='])(
    'refuses the header %j',
    async (authorization) => {
      await expect(
        authenticator.authenticate({
          remoteAddress: HERE,
          ...(authorization !== undefined && { authorization }),
        }),
      ).rejects.toMatchObject({ code: 'unauthenticated' });
    },
  );

  it('gives one answer for a wrong password, an unknown, a disabled and an impossible name', async () => {
    rows.set('dave', user({ name: 'dave', passwordHash: carolHash, isDisabled: true }));
    const messages = await Promise.all(
      [
        login('alice', 'wrong'),
        login('alice', ''),
        login('nobody', 'password of alice'),
        login('ALICE', 'password of alice'),
        login('dave', 'password of carol'),
        login('', 'password of alice'),
        login('x'.repeat(5000), 'password of alice'),
        login('nul\0', 'password of alice'),
      ].map((attempt) => attempt.catch((error: unknown) => String(error))),
    );
    expect(new Set(messages)).toEqual(
      new Set(['WesError: the user name or the password is wrong']),
    );
  });

  it('never takes a decoy for the password of an unknown name', async () => {
    for (let index = 0; index < 12; index += 1)
      for (const password of ['password of alice', 'päss:of bob'])
        expect(await outcomeOf(`unknown-${index}`, password)).toBe('unauthenticated');
  });

  it('does as much work for an unknown name as for a wrong password', async () => {
    const costly = createBasicAuthenticator({
      configuredUsers: [{ name: 'alice', passwordHash: await bcryptHash('x', 11), isAdmin: false }],
      monotonicNow: () => now,
      logger: { warn: () => undefined },
    });
    const durationOf = async (name: string): Promise<number> => {
      const start = process.hrtime.bigint();
      const authorization = basic(name, 'wrong');
      await costly.authenticate({ authorization, remoteAddress: HERE }).catch(() => undefined);
      return Number(process.hrtime.bigint() - start);
    };
    const known = await durationOf('alice');
    expect(await durationOf('unknown')).toBeGreaterThan(known / 4);
    // A hash costs hundreds of times what an answer without one costs.
    expect(await durationOf('alice')).toBeLessThan(known / 4);
  });

  it('disables a user, changes a password and makes an admin at once', async () => {
    expect(await login('carol', 'password of carol')).toEqual({ name: 'carol', isAdmin: false });
    const row = user({ name: 'carol', passwordHash: carolHash });

    rows.set('carol', { ...row, isAdmin: true });
    expect(await login('carol', 'password of carol')).toEqual({ name: 'carol', isAdmin: true });

    rows.set('carol', { ...row, isDisabled: true });
    expect(await outcomeOf('carol', 'password of carol')).toBe('unauthenticated');

    rows.set('carol', { ...row, passwordHash: await hashPassword('another password') });
    expect(await outcomeOf('carol', 'password of carol')).toBe('unauthenticated');
    expect(await outcomeOf('carol', 'another password')).toBe('passed');

    rows.delete('carol');
    expect(await outcomeOf('carol', 'another password')).toBe('unauthenticated');
  });

  it('computes one hash for many requests with the same credentials at once', async () => {
    // Each verification counts as a failure until it ends: ten of them would be too many.
    const principals = await Promise.all(
      Array.from({ length: 10 }, () => login('alice', 'password of alice')),
    );
    expect(principals).toHaveLength(10);
  });

  it('slows down guesses, but neither another address nor another user', async () => {
    const outcomes = [];
    for (let guess = 1; guess <= 7; guess += 1)
      outcomes.push(await outcomeOf('alice', `guess ${guess}`));
    expect(outcomes).toEqual([
      ...Array.from({ length: 5 }, () => 'unauthenticated'),
      'too_many_attempts',
      'too_many_attempts',
    ]);
    expect(await outcomeOf('alice', 'password of alice')).toBe('too_many_attempts');
    expect(await outcomeOf('alice', 'password of alice', ELSEWHERE)).toBe('passed');
    expect(await outcomeOf('bob', 'päss:of bob')).toBe('passed');
    now = 1_000;
    expect(await outcomeOf('alice', 'password of alice')).toBe('passed');
  });

  it('slows down guesses that come all at once', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, guess) => outcomeOf('nobody', `guess ${guess}`)),
    );
    expect(outcomes.filter((outcome) => outcome === 'unauthenticated')).toHaveLength(5);
    expect(outcomes.filter((outcome) => outcome === 'too_many_attempts')).toHaveLength(15);
  });

  it('tells a guesser nothing about a password that was verified before', async () => {
    expect(await outcomeOf('alice', 'password of alice')).toBe('passed');
    for (let guess = 1; guess <= 5; guess += 1) await outcomeOf('alice', `guess ${guess}`);
    expect(await outcomeOf('alice', 'password of alice')).toBe('too_many_attempts');
    expect(await outcomeOf('alice', 'guess 6')).toBe('too_many_attempts');
  });

  it('does not keep a user out because a script repeats an old password', async () => {
    for (let repeat = 1; repeat <= 50; repeat += 1)
      expect(await outcomeOf('alice', 'old password')).toBe('unauthenticated');
    expect(await outcomeOf('alice', 'password of alice')).toBe('passed');
  });

  it('logs each failed login with name and address, never the password', async () => {
    await outcomeOf('alice', 'hunter2');
    await outcomeOf('alice', 'hunter2');
    expect(lines).toEqual([
      { message: 'login failed', facts: { user: 'alice', remote_address: HERE, failures: 1 } },
      { message: 'login failed', facts: { user: 'alice', remote_address: HERE, repeated: true } },
    ]);
    for (let guess = 1; guess <= 5; guess += 1) await outcomeOf('alice', `hunter2 ${guess}`);
    expect(lines.at(-1)).toEqual({
      message: 'login refused',
      facts: { user: 'alice', remote_address: HERE, wait_ms: 1000 },
    });
    await outcomeOf('x'.repeat(5000), 'hunter2');
    expect(JSON.stringify(lines).length).toBeLessThan(2000);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });
});

function user(fields: Pick<User, 'name' | 'passwordHash'> & Partial<User>): User {
  return { isAdmin: false, isDisabled: false, createdAt: 0, ...fields };
}

/** As a database with a case-insensitive collation would answer. */
function tableOf(rows: ReadonlyMap<string, User>): UserStore {
  const unused = (): never => {
    throw new Error('authentication only reads single users');
  };
  return {
    getUser: async (name) => rows.get(name) ?? rows.get(name.toLowerCase()),
    listUsers: unused,
    addUser: unused,
    updateUser: unused,
  };
}
