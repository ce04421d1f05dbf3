import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, globSync, readFileSync } from 'node:fs';
import { chown, cp, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { until } from './until.ts';

/** A real server for tests: ephemeral, on a loopback port of its own. */
export interface DatabaseServer {
  /** URL of an administrator; of a database server, the path names a database from which others can be created. */
  readonly url: string;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const START_MS = 30_000;
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/test-databases/', import.meta.url));

/** Why MariaDB can't be started here; undefined when it can. */
export function missingMariadb(): string | undefined {
  if (process.env.TEST_MYSQL_URL) return undefined;
  const found = findProgram('mariadbd') && findProgram('mariadb-install-db');
  return found ? undefined : 'no mariadbd found: install mariadb-server or set TEST_MYSQL_URL';
}

/** Why PostgreSQL can't be started here; undefined when it can. */
export function missingPostgres(): string | undefined {
  if (process.env.TEST_POSTGRES_URL) return undefined;
  const found = findProgram('initdb') && findProgram('postgres');
  if (!found) return 'no PostgreSQL server found: install postgresql or set TEST_POSTGRES_URL';
  if (isRoot() && !unprivilegedUser()) return 'PostgreSQL refuses to run as root';
  return undefined;
}

export async function startMariadb(): Promise<DatabaseServer> {
  const given = process.env.TEST_MYSQL_URL;
  if (given) return { url: given, stop: async () => {} };
  const template = await mariadbTemplate();
  const directory = await mkdtemp(join(tmpdir(), 'test-mariadb-'));
  await cp(template, join(directory, 'data'), { recursive: true });
  await writeFile(
    join(directory, 'init.sql'),
    // One statement to a line, as --init-file wants it.
    "CREATE USER IF NOT EXISTS wes@'%' IDENTIFIED BY 'pw';\nGRANT ALL ON *.* TO wes@'%' WITH GRANT OPTION;\n",
  );
  const port = await freePort();
  const stop = await startServer({
    argv: [
      requireProgram('mariadbd'),
      '--no-defaults',
      ...(isRoot() ? ['--user=root'] : []),
      `--datadir=${join(directory, 'data')}`,
      `--socket=${join(directory, 's.sock')}`,
      `--pid-file=${join(directory, 'pid')}`,
      `--init-file=${join(directory, 'init.sql')}`,
      // Its own, because another server clears temporary tables from a shared one when it starts.
      `--tmpdir=${directory}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      // Ephemeral data: durable commits would only cost time.
      '--innodb-flush-log-at-trx-commit=2',
      '--innodb-buffer-pool-size=64M',
      '--innodb-log-file-size=8M',
      '--max-connections=500',
      // The defaults of an old server, so that tests notice what the service must set itself.
      '--character-set-server=latin1',
      '--collation-server=latin1_swedish_ci',
      '--transaction-isolation=REPEATABLE-READ',
    ],
    directory,
    stopSignal: 'SIGKILL',
  });
  const url = `mysql://wes:pw@127.0.0.1:${port}/mysql`;
  await awaitServer(() => pingMysql(url), directory, stop);
  return { url, stop };
}

export async function startPostgres(): Promise<DatabaseServer> {
  const given = process.env.TEST_POSTGRES_URL;
  if (given) return { url: given, stop: async () => {} };
  const user = isRoot() ? unprivilegedUser() : undefined;
  const directory = await mkdtemp(join(tmpdir(), 'test-postgres-'));
  if (user) await chown(directory, user.uid, user.gid);
  await run(
    requireProgram('initdb'),
    ['-D', join(directory, 'data'), '-U', 'wes', '-A', 'trust', '-E', 'UTF8', '-N', '--locale=C'],
    { cwd: directory, ...user },
  );
  const port = await freePort();
  const stop = await startServer({
    argv: [
      requireProgram('postgres'),
      `-D${join(directory, 'data')}`,
      `-p${port}`,
      '-h127.0.0.1',
      `-k${directory}`,
      ...['fsync=off', 'full_page_writes=off', 'max_connections=300'].flatMap((s) => ['-c', s]),
    ],
    directory,
    stopSignal: 'SIGQUIT',
    ...user,
  });
  const url = `postgres://wes@127.0.0.1:${port}/postgres`;
  await awaitServer(() => pingPostgres(url), directory, stop);
  return { url, stop };
}

/** Initialising a data directory takes seconds, so it is done once and then copied. */
export async function mariadbTemplate(): Promise<string> {
  const installer = requireProgram('mariadb-install-db');
  const { stdout } = await run(requireProgram('mariadbd'), ['--no-defaults', '--version']);
  const version = /Ver (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  const template = join(CACHE, `mariadb-${version}-uid-${process.getuid?.() ?? 0}`);
  if (existsSync(template)) return template;
  await mkdir(CACHE, { recursive: true });
  const fresh = await mkdtemp(join(CACHE, 'new-'));
  await run(installer, [
    '--no-defaults',
    `--datadir=${fresh}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--innodb-log-file-size=8M',
    ...(isRoot() ? ['--user=root'] : []),
  ]);
  // Two first runs at once: the later one finds the other's template in place and keeps that.
  await rename(fresh, template).catch(() => rm(fresh, { recursive: true, force: true }));
  return template;
}

interface Supervised {
  readonly argv: readonly string[];
  readonly directory: string;
  readonly stopSignal: NodeJS.Signals;
  readonly uid?: number;
  readonly gid?: number;
}

/** Starts a server below `supervise.ts`, in a session of its own; gives the function that stops it. */
export async function startServer(server: Supervised): Promise<() => Promise<void>> {
  const log = await open(join(server.directory, 'log'), 'w');
  const supervisor = spawn(
    process.execPath,
    [fileURLToPath(new URL('./supervise.ts', import.meta.url)), JSON.stringify(server)],
    { stdio: ['pipe', log.fd, log.fd], detached: true, cwd: server.directory },
  );
  await log.close();
  supervisor.stdin?.on('error', () => {}); // The supervisor ended first: nothing left to stop.
  const exited = new Promise<void>((resolve) => supervisor.once('close', () => resolve()));
  return async () => {
    supervisor.stdin?.end();
    await exited;
  };
}

export async function awaitServer(
  ping: () => Promise<boolean>,
  directory: string,
  stop: () => Promise<void>,
): Promise<void> {
  try {
    await until(ping, { timeoutMs: START_MS });
  } catch (error) {
    const log = await readFile(join(directory, 'log'), 'utf8').catch(() => '(no log)');
    await stop();
    throw new Error(`The server did not start:\n${log.slice(-2000)}`, { cause: error });
  }
}

export async function pingMysql(url: string): Promise<boolean> {
  const connection = await createConnection({ uri: url, connectTimeout: 1000 }).catch(() => null);
  await connection?.end();
  return connection !== null;
}

async function pingPostgres(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => {});
  const connected = await client.connect().then(
    () => true,
    () => false,
  );
  await client.end();
  return connected;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}

export function findProgram(name: string): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter);
  // Debian keeps PostgreSQL's server programs off the PATH; the newest version first.
  const postgres = globSync('/usr/lib/postgresql/*/bin').sort((a, b) =>
    b.localeCompare(a, undefined, { numeric: true }),
  );
  return [...postgres, ...onPath, '/usr/sbin', '/usr/local/sbin', '/usr/local/bin']
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

export function requireProgram(name: string): string {
  const program = findProgram(name);
  if (!program) throw new Error(`${name} was not found.`);
  return program;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whom to be where root is refused. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = ['postgres', 'nobody'].map((name) => users.find((u) => u[0] === name)).find(Boolean);
  return user ? { uid: Number(user[2]), gid: Number(user[3]) } : undefined;
}
