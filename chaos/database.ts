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
import type { Places } from './places.ts';
import { ServiceProcess } from './service-process.ts';
import { holdingLock, writingForEver } from './sqlite-programs.ts';

export interface ChaosDatabase {
  readonly url: string;
  /** The server and its port; undefined where the database is a file. */
  readonly server: ServiceProcess | undefined;
  readonly port: number | undefined;
  /** Processes that use the file beside the service; undefined where there is a server. */
  readonly file: SqliteFile | undefined;
}

interface SqliteFile {
  /** Holds the file for itself when it is started. */
  readonly locker: ServiceProcess;
  /** Writes for ever, in one transaction, into the records of the service. */
  readonly writer: ServiceProcess;
  /** Is there as soon as the writer has written something. */
  readonly writerBegan: string;
}

const START_MS = 60_000;

export async function startDatabase(
  kind: ChaosOptions['database'],
  places: Places,
): Promise<ChaosDatabase> {
  return kind === 'sqlite' ? sqliteFile(places) : await startMariadb(places);
}

function sqliteFile(places: Places): ChaosDatabase {
  const path = join(places.data, 'wes.db');
  const writerBegan = join(places.root, 'writer-began');
  const program = (name: string, script: string) =>
    new ServiceProcess({
      name,
      argv: [process.execPath, '-e', script, path, writerBegan],
      environment: { PATH: process.env.PATH ?? '' },
      logFile: join(places.logs, name),
      isKept: false,
    });
  const locker = program('locker', holdingLock());
  const writer = program('writer', writingForEver());
  const file = { locker, writer, writerBegan };
  return { url: `sqlite:${path}`, server: undefined, port: undefined, file };
}

/** On a data directory of its own, so that it can be killed and started on what it had. */
async function startMariadb({ root, logs }: Places): Promise<ChaosDatabase> {
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
    logFile: join(logs, 'mariadbd'),
    isKept: true,
  });
  server.start();
  const url = `mysql://wes:pw@127.0.0.1:${port}/wes`;
  try {
    const isReady = () => pingMysql(url);
    await until(isReady, { timeoutMs: START_MS, message: 'MariaDB did not start' });
  } catch (error) {
    server.signal('SIGKILL');
    throw error;
  }
  return { url, server, port, file: undefined };
}

/** Runs a command of the service to its end. */
export async function runCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const [program = '', ...args] = argv;
  await promisify(execFile)(program, args, { env: environment });
}
