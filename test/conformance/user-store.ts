import { afterAll, beforeAll, expect, test } from 'vitest';
import type { User, UserStore } from '../../src/auth/user-store.ts';
import type { TestDatabase } from '../support/databases.ts';
import { uniqueName } from '../support/sample-runs.ts';

function newUser(fields: Partial<User> = {}): User {
  return {
    name: uniqueName('user'),
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
    isAdmin: false,
    isDisabled: false,
    createdAt: 1_700_000_000_000,
    ...fields,
  };
}

/** What every UserStore promises, see `src/auth/user-store.ts`. */
export function describeUserStore(open: () => Promise<TestDatabase>): void {
  let opened: TestDatabase;
  const users = (): UserStore => opened.database.users;

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  test('a user that was added is found and listed', async () => {
    const user = newUser({ name: 'zoë 🧬', isAdmin: true });
    expect(await users().addUser(user)).toBe(true);
    expect(await users().getUser('zoë 🧬')).toEqual(user);
    expect(await users().listUsers()).toContainEqual(user);
  });

  test('a name is taken once, also by two at the same moment', async () => {
    const user = newUser();
    const added = await Promise.all([1, 2, 3].map(() => users().addUser(user)));
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await users().addUser({ ...user, isAdmin: true })).toBe(false);
    expect(await users().getUser(user.name)).toEqual(user);
  });

  test('names that differ in case, accent or a space at the end are different users', async () => {
    const names = ['eve', 'Eve', 'éve', 'eve '];
    for (const name of names) expect(await users().addUser(newUser({ name }))).toBe(true);
    for (const name of names) expect(await users().getUser(name)).toMatchObject({ name });
    expect(await users().getUser('EVE')).toBeUndefined();
  });

  test('only the given fields are changed', async () => {
    const user = newUser({ isAdmin: true });
    await users().addUser(user);
    expect(await users().updateUser(user.name, { isDisabled: true })).toBe(true);
    expect(await users().updateUser(user.name, { passwordHash: 'new', isAdmin: false })).toBe(true);
    expect(await users().updateUser(user.name, {})).toBe(true);
    expect(await users().getUser(user.name)).toEqual({
      ...user,
      passwordHash: 'new',
      isAdmin: false,
      isDisabled: true,
    });
  });

  test('nobody by an unknown name is found or changed', async () => {
    for (const name of ['', 'nobody', 'a\0', '\ud800']) {
      expect(await users().getUser(name)).toBeUndefined();
      expect(await users().updateUser(name, { isAdmin: true })).toBe(false);
    }
  });

  test('a name that can’t be kept is refused', async () => {
    await expect(users().addUser(newUser({ name: 'a\0' }))).rejects.toThrow('user name');
    await expect(users().addUser(newUser({ name: 'a'.repeat(256) }))).rejects.toThrow('user name');
  });
}
