import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { missingMariadb, startMariadb } from '../test/support/database-servers.ts';
import type { DatabaseName } from './options.ts';

export interface DatabaseServer {
  /** URL of a new, empty database. */
  create(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Why it can't be measured on this machine; undefined when it can. */
export function missing(database: DatabaseName): string | undefined {
  return database === 'MariaDB' ? missingMariadb() : undefined;
}

export async function startDatabase(
  database: DatabaseName,
  directory: string,
): Promise<DatabaseServer> {
  if (database === 'MariaDB') return startDurableMariadb();
  return {
    create: async (name) => `sqlite:${join(directory, `${name}.db`)}`,
    stop: async () => undefined,
  };
}

async function startDurableMariadb(): Promise<DatabaseServer> {
  const server = await startMariadb();
  const execute = async (statement: string): Promise<void> => {
    const connection = await createConnection(server.url);
    await connection.query(statement);
    await connection.end();
  };
  // The server for tests gives up durable commits for speed; a real one does not.
  await execute('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
  return {
    async create(name) {
      await execute(`CREATE DATABASE ${name}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    stop: () => server.stop(),
  };
}
