/** Users kept in the database. */
export interface UserStore {
  getUser(name: string): Promise<User | undefined>;
  listUsers(): Promise<readonly User[]>;
  /** False when the name is taken. */
  addUser(user: User): Promise<boolean>;
  /** Changes the given fields; false when there is no such user. */
  updateUser(name: string, changes: Partial<Omit<User, 'name' | 'createdAt'>>): Promise<boolean>;
}

export interface User {
  readonly name: string;
  /** PHC string of argon2id, or a bcrypt hash. */
  readonly passwordHash: string;
  readonly isAdmin: boolean;
  readonly isDisabled: boolean;
  readonly createdAt: number;
}
