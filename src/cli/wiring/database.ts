import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { parseDatabaseUrl } from '../../db/database-url.ts';
import { openDatabase, type Database } from '../../db/open.ts';
import { WesError } from '../../runs/errors.ts';

type DatabaseConfig = Pick<Config, 'databaseUrl' | 'databaseTimeout'>;

/** Opens the database whatever its schema; the directory of a SQLite file is made. */
export async function openAnyDatabase(config: DatabaseConfig): Promise<Database> {
  const url = parseDatabaseUrl(config.databaseUrl);
  // Nobody else on the machine is to read requests or password hashes.
  if (url.kind === 'sqlite')
    mkdirSync(dirname(resolve(url.path)), { recursive: true, mode: 0o700 });
  return await openDatabase(config.databaseUrl, { timeoutSeconds: config.databaseTimeout });
}

/**
 * Opens a database that is ready for use.
 * @throws WesError `unavailable` while its schema is not up to date.
 */
export async function openMigratedDatabase(config: DatabaseConfig): Promise<Database> {
  const database = await openAnyDatabase(config);
  try {
    const pending = await database.pendingMigrations();
    if (pending.length === 0) return database;
    const problem = `The database lacks ${pending.length} migrations: run \`wes migrate\` first`;
    throw new WesError('unavailable', problem);
  } catch (error) {
    await database.close();
    throw error;
  }
}
