import { Command } from 'commander';
import { createWesClient, type WesClient } from '../../wes/client.ts';
import { findServer } from '../../wes/find-server.ts';
import { createTransport, type WesCredentials } from '../../wes/transport.ts';
import type { Cli } from '../cli.ts';
import { UsageError } from '../exit-codes.ts';

/** The options that every client command takes. */
export interface ConnectionOptions {
  readonly server?: string;
  readonly user?: string;
  readonly token?: string;
  readonly json?: boolean;
}

const DEFAULT_SERVER = 'http://127.0.0.1:8080/ga4gh/wes/v1';

/** A command that talks to a WES server, with the options for finding it and showing who asks. */
export function clientCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--server <url>', `WES server (WES_SERVER; default ${DEFAULT_SERVER})`)
    .option('--user <name:password>', 'HTTP Basic credentials (WES_USER, WES_PASSWORD)')
    .option('--token <token>', 'bearer token (WES_TOKEN)')
    .option('--json', 'print JSON for scripts');
}

/**
 * A client for the server that was named.
 * @throws UsageError for an address or credentials that can't be used; WesClientError when no WES
 *   server is there.
 */
export async function connect(cli: Cli, options: ConnectionOptions): Promise<WesClient> {
  const { environment, signal } = cli;
  const typed = serverAddress(options.server ?? set(environment.WES_SERVER) ?? DEFAULT_SERVER);
  const credentials = credentialsFor(options, environment) ?? credentialsIn(typed);
  const transport = createTransport({ origin: typed.origin, credentials, signal });
  return createWesClient(await findServer(typed, transport), transport);
}

function serverAddress(typed: string): URL {
  const withScheme = /^https?:\/\//i.test(typed) ? typed : `http://${typed}`;
  const url = URL.parse(withScheme);
  if (url === null) throw new UsageError(`--server: "${typed}" is no address of a server`);
  return url;
}

/** The command line wins over the environment, and there a token over a name. */
function credentialsFor(
  options: ConnectionOptions,
  environment: Cli['environment'],
): WesCredentials | undefined {
  if (options.token !== undefined && options.user !== undefined) {
    throw new UsageError('Give either --user or --token');
  }
  if (options.token !== undefined) return { type: 'bearer', token: options.token };
  if (options.user !== undefined) return basic(options.user, environment);
  const token = set(environment.WES_TOKEN);
  if (token !== undefined) return { type: 'bearer', token };
  const user = set(environment.WES_USER);
  return user === undefined ? undefined : basic(user, environment);
}

function basic(user: string, environment: Cli['environment']): WesCredentials {
  const colon = user.indexOf(':');
  if (colon !== -1) {
    return { type: 'basic', name: user.slice(0, colon), password: user.slice(colon + 1) };
  }
  const password = set(environment.WES_PASSWORD);
  if (password === undefined) {
    throw new UsageError('The password is missing: give --user name:password or set WES_PASSWORD');
  }
  return { type: 'basic', name: user, password };
}

/** `http://name:password@host`: fetch refuses such addresses, so the two are taken apart. */
function credentialsIn(url: URL): WesCredentials | undefined {
  if (url.username === '') return undefined;
  const [name, password] = [url.username, url.password].map(decodeURIComponent);
  return { type: 'basic', name: name ?? '', password: password ?? '' };
}

function set(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
