import { Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/db/database-url.ts';
import { openDialect } from '../../src/db/dialects/open-dialect.ts';
import { openDatabase, type Database } from '../../src/db/open.ts';
import { testDatabases } from '../support/databases.ts';
import { newRun } from '../support/sample-runs.ts';
import { describeWith } from '../support/suite.ts';

for (const { name, missing, create } of testDatabases) {
  describeWith(`the schema on ${name}`, missing, () => {
    let fresh: Awaited<ReturnType<typeof create>>;
    let database: Database;
    let raw: Kysely<unknown>;

    beforeEach(async () => {
      fresh = await create();
      database = await openDatabase(fresh.url);
      const dialect = await openDialect(parseDatabaseUrl(fresh.url));
      raw = new Kysely({ dialect: dialect.kysely });
    });
    afterEach(async () => {
      await database.close();
      await raw.destroy();
      await fresh.drop();
    });

    test('is pending until it is migrated, and migrated once', async () => {
      const pending = await database.pendingMigrations();
      expect(pending).toContain('0001-runs');
      expect(await database.pendingMigrations()).toEqual(pending);
      expect(await database.migrate()).toEqual(pending);
      expect(await database.pendingMigrations()).toEqual([]);
      expect(await database.migrate()).toEqual([]);
    });

    test('of a later version is refused with a remedy', async () => {
      await database.migrate();
      await sql`insert into wes_migrations (name, timestamp) values ('9999-later', '2999-01-01T00:00:00.000Z')`.execute(
        raw,
      );
      await expect(database.pendingMigrations()).rejects.toThrow(/9999-later.*later version/);
      await expect(database.migrate()).rejects.toThrow(/9999-later.*later version/);
    });

    test('that an interrupted migration left half made is completed', async () => {
      await database.migrate();
      await sql`delete from wes_migrations`.execute(raw);
      if (name === 'MariaDB') {
        // Its changes of the schema are not undone with a transaction: they stay behind.
        await sql`drop index runs_by_lease on workflow_runs`.execute(raw);
        await sql`drop table daemons`.execute(raw);
        expect(await database.migrate()).toHaveLength(4);
      } else {
        await expect(database.migrate()).rejects.toThrow('already exists');
        expect(await database.pendingMigrations()).toHaveLength(4);
        return;
      }
      await database.runs.createRun(newRun());
      expect(await database.daemons.list()).toEqual([]);
    });
  });
}
