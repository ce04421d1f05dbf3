import { isIP, BlockList } from 'node:net';
import type { Logger } from 'pino';
import { createAnonymousAuthenticator } from '../../auth/anonymous.ts';
import { createBasicAuthenticator } from '../../auth/basic.ts';
import { parseConfiguredUsers } from '../../auth/configured-users.ts';
import type { Authenticator } from '../../auth/principal.ts';
import type { UserStore } from '../../auth/user-store.ts';
import { ConfigError, type Config } from '../../config.ts';

type AuthConfig = Pick<Config, 'authMethod' | 'basicAuthUsers' | 'basicAuthAdmins'>;

export function createAuthenticator(
  config: AuthConfig,
  userStore: UserStore,
  logger: Logger,
): Authenticator {
  if (config.authMethod === 'none') return createAnonymousAuthenticator();
  return createBasicAuthenticator({
    configuredUsers: parseConfiguredUsers(config.basicAuthUsers ?? '', config.basicAuthAdmins),
    userStore,
    monotonicNow: () => performance.now(),
    logger,
  });
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** True for an address that only this machine can reach. */
function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Who may submit may run programs, so a service that asks for no credentials keeps to its machine.
 * @throws ConfigError unless that is so, or was explicitly given up.
 */
export function checkExposure(
  config: Pick<Config, 'authMethod' | 'apiHost' | 'allowAnonymousRemote'>,
): void {
  if (config.authMethod !== 'none' || config.allowAnonymousRemote) return;
  if (isLoopback(config.apiHost)) return;
  throw new ConfigError([
    `API_HOST: with AUTH_METHOD=none the service does not listen on ${config.apiHost}, where anyone ` +
      'could run programs on this machine: set AUTH_METHOD=basic, or ALLOW_ANONYMOUS_REMOTE=true if that is wanted',
  ]);
}
