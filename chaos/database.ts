import { execFile } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../bench/free-port.ts';
import {
  mariadbTemplate,
  missingMariadb,
  pingMysql,
  requireProgram,
} from '../test/support/database-servers.ts';
import { until } from '../test/support/until.ts';
import type { ChaosOptions } from './options.ts';
import { ServiceProcess } from './service-process.ts';

export interface ChaosDatabase {
  readonly url: string;
  /** The server; undefined where the database is a file. */
  readonly server: ServiceProcess | undefined;
  /** The process that holds the file for itself when it is started; undefined where there is a server. */
  readonly locker: ServiceProcess | undefined;
  isReady(): Promise<boolean>;
}

const START_MS = 60_000;
const LOCK = `
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(process.argv[1], { timeout: 20000 });
database.exec('BEGIN IMMEDIATE');
setInterval(() => {}, 1000);
`;

export async function startDatabase(
  kind: ChaosOptions['database'],
  root: string,
): Promise<ChaosDatabase> {
  return kind === 'sqlite' ? sqliteFile(root) : await startMariadb(root);
}

function sqliteFile(root: string): ChaosDatabase {
  const path = join(root, 'wes.db');
  const locker = new ServiceProcess({
    name: 'locker',
    argv: [process.execPath, '-e', LOCK, path],
    environment: { PATH: process.env.PATH ?? '' },
    logFile: join(root, 'logs', 'locker'),
    isKept: false,
  });
  return { url: `sqlite:${path}`, server: undefined, locker, isReady: async () => true };
}

/** On a data directory of its own, so that it can be killed and started on what it had. */
async function startMariadb(root: string): Promise<ChaosDatabase> {
  const missing = missingMariadb();
  if (missing !== undefined) throw new Error(missing);
  const directory = join(root, 'mariadb');
  await cp(await mariadbTemplate(), join(directory, 'data'), { recursive: true });
  const init = join(directory, 'init.sql');
  await writeFile(
    init,
    "CREATE USER IF NOT EXISTS wes@'%' IDENTIFIED BY 'pw';\nGRANT ALL ON *.* TO wes@'%';\nCREATE DATABASE IF NOT EXISTS wes;\n",
  );
  const port = await freePort();
  const server = new ServiceProcess({
    name: 'mariadbd',
    argv: [
      requireProgram('mariadbd'),
      '--no-defaults',
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      `--datadir=${join(directory, 'data')}`,
      `--socket=${join(root, 's.sock')}`,
      `--pid-file=${join(directory, 'pid')}`,
      `--init-file=${init}`,
      `--tmpdir=${directory}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      // Safe against the death of the server, which is all that happens here.
      '--innodb-flush-log-at-trx-commit=2',
      '--innodb-buffer-pool-size=64M',
      '--innodb-log-file-size=8M',
    ],
    environment: { PATH: process.env.PATH ?? '' },
    logFile: join(root, 'logs', 'mariadbd'),
    isKept: true,
  });
  server.start();
  const url = `mysql://wes:pw@127.0.0.1:${port}/wes`;
  const isReady = () => pingMysql(url);
  try {
    await until(isReady, { timeoutMs: START_MS, message: 'MariaDB did not start' });
  } catch (error) {
    server.signal('SIGKILL');
    throw error;
  }
  return { url, server, locker: undefined, isReady };
}

/** Runs a command of the service to its end. */
export async function runCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const [program = '', ...args] = argv;
  await promisify(execFile)(program, args, { env: environment });
}
