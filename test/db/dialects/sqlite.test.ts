import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSqliteDialect, requireSafeSqlite } from '../../../src/db/dialects/sqlite.ts';
import { watchedDialect } from '../../../src/db/dialects/watched-dialect.ts';
import { inTransaction } from '../../../src/db/retry.ts';
import type { Tables } from '../../../src/db/schema.ts';

describe('the SQLite dialect', () => {
  let directory: string;
  let path: string;
  let db: Kysely<Tables>;
  const dialect = () => createSqliteDialect(path);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'test-sqlite-dialect-'));
    path = join(directory, 'test.db');
    db = new Kysely<Tables>({ dialect: dialect().kysely });
    await sql`create table counters (value integer not null)`.execute(db);
    await sql`insert into counters values (0)`.execute(db);
  });
  afterEach(async () => {
    await db.destroy();
    await rm(directory, { recursive: true });
  });

  const value = async () => {
    const { rows } = await sql<{ value: number }>`select value from counters`.execute(db);
    return rows[0]?.value;
  };

  test.each(['3.40.1', '3.51.2', '3.9.99'])('refuses SQLite %s and names the remedy', (version) => {
    expect(() => requireSafeSqlite(version)).toThrow(/3\.51\.3.*Node 24\.15/);
  });

  test.each(['3.51.3', '3.53.4', '3.100.0', '4.0.0'])('takes SQLite %s', (version) => {
    expect(() => requireSafeSqlite(version)).not.toThrow();
  });

  test('keeps what it wrote after a power cut, and lets others read meanwhile', async () => {
    const pragma = async (name: string) => {
      const { rows } = await sql<Record<string, unknown>>`${sql.raw(`pragma ${name}`)}`.execute(db);
      return Object.values(rows[0] ?? {})[0];
    };
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
  });

  test('says that it can not write when there is no room, and goes on when there is', async () => {
    const watched = new Kysely<Tables>({ dialect: watchedDialect(dialect()) });
    await sql.raw('pragma max_page_count = 3').execute(watched);
    const fill = () =>
      watched.transaction().execute(async (tx) => {
        await sql`create table texts (text text)`.execute(tx);
        await sql`insert into texts values (${'x'.repeat(100_000)})`.execute(tx);
      });
    await expect(fill()).rejects.toMatchObject({ code: 'unavailable' });
    await sql.raw('pragma max_page_count = 1000').execute(watched);
    await fill();
    await watched.destroy();
  });

  test('never lets the statements of two transactions mix', async () => {
    const increment = () =>
      db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ value: number }>`select value from counters`.execute(tx);
        await new Promise((resolve) => setImmediate(resolve));
        await sql`update counters set value = ${(rows[0]?.value ?? 0) + 1}`.execute(tx);
      });
    await Promise.all(Array.from({ length: 30 }, increment));
    expect(await value()).toBe(30);
  });

  test('undoes a transaction that fails', async () => {
    const failing = db.transaction().execute(async (tx) => {
      await sql`update counters set value = 99`.execute(tx);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await value()).toBe(0);
  });

  test('waits for another process that is writing', async () => {
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    other.exec('update counters set value = 5');
    const mine = inTransaction({ db, dialect: dialect() }, async (tx) => {
      await sql`update counters set value = value + 1`.execute(tx);
    });
    // Longer than SQLite itself waits, so that the transaction is begun anew.
    setTimeout(() => other.exec('commit'), 600);
    await mine;
    other.close();
    expect(await value()).toBe(6);
  });

  test('tells duplicates and busy files from other errors', async () => {
    await sql`create unique index one_value on counters (value)`.execute(db);
    const failure = async (statement: string) =>
      sql
        .raw(statement)
        .execute(db)
        .catch((error: unknown) => error);
    const duplicate = await failure('insert into counters values (0)');
    const isNull = await failure('insert into counters values (null)');
    const { isDuplicate, isTransient } = dialect();
    expect([duplicate, isNull].map(isDuplicate)).toEqual([true, false]);
    expect([duplicate, isNull, undefined].map(isTransient)).toEqual([false, false, false]);
  });

  test('streams rows', async () => {
    await sql`insert into counters values (1)`.execute(db);
    const rows: unknown[] = [];
    const stream = db
      .selectFrom(sql`counters`.as('c'))
      .select(sql`value`.as('value'))
      .stream();
    for await (const row of stream) rows.push({ ...row });
    expect(rows).toEqual([{ value: 0 }, { value: 1 }]);
  });
});
