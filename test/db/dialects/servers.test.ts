import { Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../../src/db/database-url.ts';
import type { DatabaseDialect } from '../../../src/db/dialects/dialect.ts';
import { openDialect } from '../../../src/db/dialects/open-dialect.ts';
import { inTransaction } from '../../../src/db/retry.ts';
import { watchedDialect } from '../../../src/db/dialects/watched-dialect.ts';
import type { Tables } from '../../../src/db/schema.ts';
import { testDatabases } from '../../support/databases.ts';
import { describeWith } from '../../support/suite.ts';

for (const { name, missing, create } of testDatabases.filter((d) => d.name !== 'SQLite')) {
  describeWith(`the ${name} dialect`, missing, () => {
    let fresh: Awaited<ReturnType<typeof create>>;
    let dialect: DatabaseDialect;
    let db: Kysely<Tables>;

    beforeAll(async () => {
      fresh = await create();
      dialect = await openDialect(parseDatabaseUrl(fresh.url));
      db = new Kysely<Tables>({ dialect: watchedDialect(dialect) });
      await sql`create table pairs (id int primary key, value bigint not null)`.execute(db);
      await sql`insert into pairs values (1, 1700000000000), (2, 0)`.execute(db);
    });
    afterAll(async () => {
      await db.destroy();
      await fresh.drop();
    });

    test('gives large numbers and counts as numbers', async () => {
      const { rows } = await sql`select (select value from pairs where id = 1) as value,
        (select count(*) from pairs) as count`.execute(db);
      expect(rows).toEqual([{ value: 1_700_000_000_000, count: 2 }]);
    });

    test('counts the rows that an update found, changed or not', async () => {
      const { numAffectedRows } = await sql`update pairs set value = value where id = 1`.execute(
        db,
      );
      expect(numAffectedRows).toBe(1n);
    });

    test('reads what others committed meanwhile (READ COMMITTED)', async () => {
      await db.transaction().execute(async (tx) => {
        const read = async () => {
          const query = sql<{ value: number }>`select value from pairs where id = 2`;
          return (await query.execute(tx)).rows[0]?.value;
        };
        expect(await read()).toBe(0);
        await sql`update pairs set value = 7 where id = 2`.execute(db);
        expect(await read()).toBe(7);
      });
      await sql`update pairs set value = 0 where id = 2`.execute(db);
    });

    test('survives deadlocks: what was rolled back is done again', async () => {
      let attempts = 0;
      let arrived = 0;
      const both = Promise.withResolvers<void>();
      const addToBoth = (first: number, second: number) =>
        inTransaction({ db, dialect }, async (tx) => {
          attempts += 1;
          await sql`update pairs set value = value + 1 where id = ${first}`.execute(tx);
          arrived += 1;
          if (arrived === 2) both.resolve();
          await both.promise; // Each holds a row that the other wants.
          await sql`update pairs set value = value + 1 where id = ${second}`.execute(tx);
        });
      await Promise.all([addToBoth(1, 2), addToBoth(2, 1)]);
      const { rows } = await sql`select value from pairs order by id`.execute(db);
      expect(rows).toEqual([{ value: 1_700_000_000_002 }, { value: 2 }]);
      expect(attempts).toBeGreaterThan(2);
    });

    test('never cuts off a text that is too long', async () => {
      const { name: type } = await dialect.columnTypes(db);
      const statement = `create table short (text ${type})`;
      await sql.raw(statement).execute(db);
      await expect(sql`insert into short values (${'x'.repeat(256)})`.execute(db)).rejects.toThrow(
        /too long/i,
      );
    });

    test('says that it can not be reached when its connection is cut in a transaction', async () => {
      const end =
        name === 'MariaDB'
          ? sql.raw('kill connection_id()')
          : sql.raw('select pg_terminate_backend(pg_backend_pid())');
      const cut = inTransaction({ db, dialect }, async (tx) => {
        await end.execute(tx).catch(() => undefined);
        await sql`select 1`.execute(tx);
      });
      await expect(cut).rejects.toMatchObject({ code: 'unavailable' });
    });

    test('goes on after its connections were cut', async () => {
      const cut =
        name === 'MariaDB'
          ? sql`select id from information_schema.processlist where db = database() and id <> connection_id()`
          : sql`select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid()`;
      await db.connection().execute(async (connection) => {
        // Opens a second connection, which then is idle in the pool.
        await sql`select 1`.execute(db);
        const { rows } = await cut.execute(connection);
        if (name !== 'MariaDB') return;
        for (const row of rows as { id: number }[]) {
          await sql.raw(`kill ${row.id}`).execute(connection);
        }
      });
      await expect
        .poll(() =>
          sql`select 1 as one`.execute(db).then(
            ({ rows }) => rows,
            () => 'cut',
          ),
        )
        .toEqual([{ one: 1 }]);
    });
  });
}
