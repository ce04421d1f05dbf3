import type { Config } from '../../config.ts';
import type { Database } from '../../db/open.ts';
import { redactUrl } from '../../db/redact-url.ts';
import type { DaemonRecord } from '../../runs/daemon-registry.ts';
import { openAnyDatabase } from '../wiring/database.ts';
import { attempt, broken, ok, warning, type Finding } from './check.ts';

/** Looks at the database and at what it tells of daemons and users. `now` is in ms since the epoch. */
export async function checkDatabase(config: Config, now: number): Promise<readonly Finding[]> {
  const shown = redactUrl(config.databaseUrl);
  let database: Database;
  try {
    database = await openAnyDatabase(config);
  } catch (error) {
    const remedy = `Start it, or let DATABASE_URL name the right one (now ${shown})`;
    return [broken('Database', error, remedy)];
  }
  try {
    const tables = await checkMigrations(database);
    const reachable = ok('Database', shown);
    if (tables.status !== 'ok') return [reachable, tables];
    return [
      reachable,
      tables,
      await checkDaemons(database, config, now),
      ...(await checkUsers(database, config)),
    ];
  } finally {
    await database.close();
  }
}

async function checkMigrations(database: Database): Promise<Finding> {
  return await attempt('Tables', 'Look at the message of the database', async () => {
    const pending = await database.pendingMigrations();
    if (pending.length === 0) return ok('Tables', 'up to date');
    const remedy = 'Run `wes migrate` (`wes up` does it by itself)';
    return broken('Tables', `${pending.length} migrations are missing`, remedy);
  });
}

async function checkDaemons(database: Database, config: Config, now: number): Promise<Finding> {
  return await attempt('Daemons', 'Look at the message of the database', async () => {
    const records = await database.daemons.list();
    const alive = records.filter((record) => isAlive(record, config, now));
    const silent = records.length - alive.length;
    if (alive.length === 0) {
      const remedy = 'Start one with `wes daemon`, or everything with `wes up`';
      return warning('Daemons', 'none is running: runs stay QUEUED', remedy);
    }
    const detail = `${alive.length} running`;
    if (silent === 0) return ok('Daemons', detail);
    const remedy = 'If its machine is gone, nothing: the others take its runs over';
    return warning('Daemons', `${detail}, ${silent} silent`, remedy);
  });
}

/** By wall clocks, which may differ between machines: good enough for people, and only for them. */
function isAlive({ beatAt }: DaemonRecord, config: Config, now: number): boolean {
  return now - beatAt < config.daemonLease * 1000;
}

async function checkUsers(database: Database, config: Config): Promise<readonly Finding[]> {
  if (config.authMethod !== 'basic') return [];
  const finding = await attempt('Users', 'Look at the message of the database', async () => {
    const stored = (await database.users.listUsers()).filter((user) => !user.isDisabled);
    if (stored.length > 0) return ok('Users', `${stored.length} in the database`);
    if (config.basicAuthUsers !== undefined) return ok('Users', 'those of BASIC_AUTH_USERS');
    return warning('Users', 'nobody can log in', 'Add one: `wes users add NAME`');
  });
  return [finding];
}
