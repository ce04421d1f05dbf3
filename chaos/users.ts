import { hashPassword } from '../src/auth/password.ts';
import { basic } from '../test/support/basic.ts';

export interface ChaosUser {
  readonly name: string;
  readonly isAdmin: boolean;
  /** Highest priority that the user may ask for. */
  readonly maxPriority: number;
}

const USER_MAX_PRIORITY = 3;
const USER_MAX_QUEUED_RUNS = 6;
export const USER_MAX_CONCURRENT_RUNS = 7;

const ALICE = { name: 'alice', isAdmin: false, maxPriority: USER_MAX_PRIORITY };
const BOB = { name: 'bob', isAdmin: false, maxPriority: USER_MAX_PRIORITY };
export const ADMIN: ChaosUser = { name: 'carol', isAdmin: true, maxPriority: 10 };

export const USERS: readonly ChaosUser[] = [ALICE, BOB, ADMIN];

/** Who each client is: one user is there twice. */
export const CLIENTS: readonly ChaosUser[] = [ALICE, ALICE, BOB, ADMIN];

export function authorization({ name }: ChaosUser): string {
  return basic(name, passwordOf(name));
}

/** What an API process is told about the users. */
export async function userSettings(): Promise<Readonly<Record<string, string>>> {
  const entries = USERS.map(async ({ name }) => `${name}:${await hashPassword(passwordOf(name))}`);
  return {
    AUTH_METHOD: 'basic',
    BASIC_AUTH_USERS: (await Promise.all(entries)).join(','),
    BASIC_AUTH_ADMINS: ADMIN.name,
    USER_MAX_PRIORITY: String(USER_MAX_PRIORITY),
    USER_MAX_QUEUED_RUNS: String(USER_MAX_QUEUED_RUNS),
  };
}

function passwordOf(name: string): string {
  return `password of ${name}`;
}
