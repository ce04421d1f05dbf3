import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { inject } from 'vitest';
import { openDatabase, type Database } from '../../src/db/open.ts';

/** One of the databases that the service runs on, as tests get it. */
export interface TestDatabases {
  readonly name: 'SQLite' | 'MariaDB' | 'PostgreSQL';
  /** Why it can't be had on this machine; see `describeWith`. */
  readonly missing: string | undefined;
  /** A fresh database without tables. */
  create(): Promise<{ readonly url: string; drop(): Promise<void> }>;
  /** A fresh, migrated database. `close` closes it and drops it. */
  open(): Promise<TestDatabase>;
}

export interface TestDatabase {
  readonly database: Database;
  /** For other processes, or for connections of one's own; close those before `close`. */
  readonly url: string;
  close(): Promise<void>;
}

type Create = TestDatabases['create'];

export const testDatabases: readonly TestDatabases[] = [
  testDatabase('SQLite', undefined, createSqlite),
  testDatabase('MariaDB', inject('missingMariadb') ?? undefined, createMariadb),
  testDatabase('PostgreSQL', inject('missingPostgres') ?? undefined, createPostgres),
];

function testDatabase(
  name: TestDatabases['name'],
  missing: string | undefined,
  create: Create,
): TestDatabases {
  return { name, missing, create, open: () => openMigrated(create) };
}

async function openMigrated(create: Create): Promise<TestDatabase> {
  const { url, drop } = await create();
  const database = await openDatabase(url);
  await database.migrate();
  const close = async () => {
    await database.close();
    await drop();
  };
  return { database, url, close };
}

async function createSqlite() {
  const directory = await mkdtemp(join(tmpdir(), 'test-sqlite-'));
  const drop = () => rm(directory, { recursive: true, force: true });
  return { url: `sqlite:${join(directory, 'wes.db')}`, drop };
}

async function createMariadb() {
  const adminUrl = await serverUrl('mariadb');
  const name = databaseName();
  const execute = async (statement: string) => {
    const connection = await createConnection(adminUrl);
    await connection.query(statement);
    await connection.end();
  };
  await execute(`CREATE DATABASE ${name}`);
  return { url: withPath(adminUrl, name), drop: () => execute(`DROP DATABASE ${name}`) };
}

async function createPostgres() {
  const adminUrl = await serverUrl('postgres');
  const name = databaseName();
  const execute = async (statement: string) => {
    const client = new pg.Client({ connectionString: adminUrl });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await execute(`CREATE DATABASE ${name}`);
  const drop = () => execute(`DROP DATABASE ${name} WITH (FORCE)`);
  return { url: withPath(adminUrl, name), drop };
}

async function serverUrl(server: 'mariadb' | 'postgres'): Promise<string> {
  const response = await fetch(`${inject('databaseStarter')}/${server}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

function databaseName(): string {
  return `wes_${randomUUID().replaceAll('-', '')}`;
}

function withPath(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
