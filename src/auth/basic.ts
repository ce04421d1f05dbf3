import { WesError } from '../runs/errors.ts';
import { parseBasicCredentials } from './basic-credentials.ts';
import type { BasicCredentials } from './basic-credentials.ts';
import type { ConfiguredUser } from './configured-users.ts';
import { createDecoys } from './decoys.ts';
import { createLogin } from './login.ts';
import type { LoginLogger } from './login.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createPasswordVerifier } from './password-verifier.ts';
import type { Question } from './password-verifier.ts';
import type { Authenticator, Principal } from './principal.ts';
import { problemOfUserName } from './user-name.ts';
import type { UserStore } from './user-store.ts';

export interface BasicAuthenticatorDeps {
  /** Users of BASIC_AUTH_USERS; see `parseConfiguredUsers`. */
  readonly configuredUsers: readonly ConfiguredUser[];
  readonly userStore?: UserStore;
  /** Milliseconds on a clock that only goes forward: `performance.now()`. */
  readonly monotonicNow: () => number;
  /** Gets a line for every login that failed; never a password. */
  readonly logger: LoginLogger;
}

/** Who someone says to be, and what has to be proven for it. */
interface Claim {
  readonly principal: Principal;
  readonly question: Question;
}

/**
 * HTTP Basic (RFC 7617). The user's row is read for every request, so that a user who is disabled or
 * gets another password is out at once; the hash is computed once for each password. For a name that
 * is unknown or disabled the same work is done as for a wrong password.
 */
export function createBasicAuthenticator(deps: BasicAuthenticatorDeps): Authenticator {
  const { configuredUsers, userStore, monotonicNow, logger } = deps;
  const findUser = createUserFinder(configuredUsers, userStore);
  const decoyFor = createDecoys(
    configuredUsers.map(({ passwordHash }) => passwordHash),
    userStore !== undefined,
  );
  const login = createLogin(createPasswordVerifier(), createLoginThrottle(monotonicNow), logger);

  async function claimOf({ name, password }: BasicCredentials): Promise<Claim> {
    const user = await findUser(name);
    const passwordHash = user?.passwordHash ?? (await decoyFor(name));
    return {
      principal: { name, isAdmin: user?.isAdmin ?? false },
      question: { name, password, passwordHash, mayMatch: user !== undefined },
    };
  }

  return {
    challenge: 'Basic realm="WES", charset="UTF-8"',
    async authenticate({ authorization, remoteAddress }) {
      if (authorization === undefined)
        throw new WesError('unauthenticated', 'a user name and a password are needed (HTTP Basic)');
      const credentials = parseBasicCredentials(authorization);
      if (credentials === undefined)
        throw new WesError('unauthenticated', 'the Authorization header is not one of HTTP Basic');
      const { principal, question } = await claimOf(credentials);
      if (await login(question, remoteAddress)) return principal;
      throw new WesError('unauthenticated', 'the user name or the password is wrong');
    },
  };
}

function createUserFinder(
  configuredUsers: readonly ConfiguredUser[],
  userStore: UserStore | undefined,
): (name: string) => Promise<ConfiguredUser | undefined> {
  const configured = new Map(configuredUsers.map((user) => [user.name, user]));
  return async (name) => {
    const user = configured.get(name);
    if (user !== undefined || problemOfUserName(name) !== undefined) return user;
    const row = await userStore?.getUser(name);
    // A database may take `Alice` for `alice`; we do not.
    return row?.name === name && !row.isDisabled ? row : undefined;
  };
}
