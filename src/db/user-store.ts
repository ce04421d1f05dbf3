import type { Selectable, Updateable } from 'kysely';
import type { User, UserStore } from '../auth/user-store.ts';
import { canBeStored, indexedName } from './plain-text.ts';
import { inTransaction, retried, type Connection } from './retry.ts';
import type { UsersTable } from './schema.ts';

export function createUserStore(connection: Connection): UserStore {
  const { db, dialect } = connection;
  return {
    async getUser(name) {
      if (!canBeStored(name)) return undefined;
      const query = db.selectFrom('users').selectAll().where('name', '=', name);
      const row = await query.executeTakeFirst();
      return row && userFromRow(row);
    },

    async listUsers() {
      const rows = await db.selectFrom('users').selectAll().orderBy('name').execute();
      return rows.map(userFromRow);
    },

    async addUser(user) {
      const insert = db.insertInto('users').values(userRow(user));
      try {
        await retried(dialect, () => insert.execute());
        return true;
      } catch (error) {
        if (dialect.isDuplicate(error)) return false;
        throw error;
      }
    },

    updateUser: (name, changes) => updateUser(connection, name, changes),
  };
}

function updateUser(
  connection: Connection,
  name: string,
  changes: Partial<Omit<User, 'name' | 'createdAt'>>,
): Promise<boolean> {
  if (!canBeStored(name)) return Promise.resolve(false);
  return inTransaction(connection, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('users')
      // With nothing to change, the name as it is: the answer tells whether there is such a user.
      .set({ name, ...changedColumns(changes) })
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  });
}

function changedColumns(changes: Partial<User>): Updateable<UsersTable> {
  const { passwordHash, isAdmin, isDisabled } = changes;
  return {
    ...(passwordHash === undefined ? {} : { password_hash: passwordHash }),
    ...(isAdmin === undefined ? {} : { is_admin: Number(isAdmin) }),
    ...(isDisabled === undefined ? {} : { is_disabled: Number(isDisabled) }),
  };
}

function userRow(user: User): Selectable<UsersTable> {
  return {
    name: indexedName('user name', user.name),
    is_admin: Number(user.isAdmin),
    is_disabled: Number(user.isDisabled),
    created_at: user.createdAt,
    password_hash: user.passwordHash,
  };
}

function userFromRow(row: Selectable<UsersTable>): User {
  return {
    name: row.name,
    passwordHash: row.password_hash,
    isAdmin: row.is_admin === 1,
    isDisabled: row.is_disabled === 1,
    createdAt: row.created_at,
  };
}
