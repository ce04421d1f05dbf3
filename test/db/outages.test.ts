import { Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/db/database-url.ts';
import { openDialect } from '../../src/db/dialects/open-dialect.ts';
import { DatabaseAwayError, openDatabase, type Database } from '../../src/db/open.ts';
import { OutcomeUnknownError, WesError } from '../../src/runs/errors.ts';
import { testDatabases } from '../support/databases.ts';
import { claim, newRun, uniqueName } from '../support/sample-runs.ts';
import { describeWith } from '../support/suite.ts';
import { startTcpProxy, throughPort, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

for (const { name, missing, create } of testDatabases.filter((d) => d.name !== 'SQLite')) {
  describeWith(`${name} behind a network that fails`, missing, () => {
    let fresh: Awaited<ReturnType<typeof create>>;
    let proxy: TcpProxy;
    let database: Database;

    beforeEach(async () => {
      fresh = await create();
      proxy = await startTcpProxy(Number(new URL(fresh.url).port));
      const direct = await openDatabase(fresh.url);
      await direct.migrate();
      await direct.close();
      const url = throughPort(fresh.url, proxy.port);
      database = await openDatabase(url, { timeoutSeconds: 1 });
    });
    afterEach(async () => {
      proxy.restore();
      await database.close();
      await proxy.close();
      await fresh.drop();
    });

    test('gives up a connection that is silent, and goes on when the network is back', async () => {
      await database.check();
      proxy.hang();
      const asked = Array.from({ length: 15 }, () => database.check());
      for (const result of await Promise.allSettled(asked)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
      }
      proxy.restore();
      await until(() =>
        database.check().then(
          () => true,
          () => false,
        ),
      );
    });

    test('is away while the network is cut, and there when it is back', async () => {
      proxy.cut();
      await expect(database.check()).rejects.toMatchObject({ code: 'unavailable' });
      const opening = openDatabase(throughPort(fresh.url, proxy.port));
      await expect(opening).rejects.toBeInstanceOf(DatabaseAwayError);
      proxy.restore();
      await until(() =>
        database.check().then(
          () => true,
          () => false,
        ),
      );
    });

    test('keeps connections that nobody used for long', async () => {
      await database.check();
      const start = performance.now();
      await until(() => performance.now() - start > 2500);
      await database.check();
    });

    test('loses the answer of a COMMIT: whether the run was written is not known, and it was', async () => {
      const run = newRun();
      // Hangs when the server has the COMMIT, before its answer comes back.
      proxy.hangAfter(/commit/i);
      await expect(database.runs.createRun(run)).rejects.toBeInstanceOf(OutcomeUnknownError);
      proxy.restore();
      await until(async () => {
        const found = await database.runs.getRun(run.runId).catch(() => undefined);
        return found !== undefined;
      });
    });

    test('loses the answer of a claim: the run is found among the leases', async () => {
      const engine = uniqueName('engine');
      const run = newRun({ engine });
      await database.runs.createRun(run);
      proxy.hangAfter(/commit/i);
      const daemonId = '0d9c6a3e-0000-4000-8000-000000000009';
      await expect(claim(database.runs, engine, daemonId)).rejects.toBeInstanceOf(WesError);
      proxy.restore();
      const leased = await until(async () => {
        const list = await database.runs.listLeased(daemonId).catch(() => []);
        return list.length > 0 && list;
      });
      expect(leased).toMatchObject([{ runId: run.runId, state: 'INITIALIZING', attempt: 1 }]);
    });

    test('takes longer for a change of the schema than for anything else', async () => {
      const slow = name === 'MariaDB' ? sql`select sleep(2)` : sql`select pg_sleep(2)`;
      const silence = { milliseconds: 1000 };
      const dialect = await openDialect(parseDatabaseUrl(fresh.url), silence);
      const db = new Kysely<unknown>({ dialect: dialect.kysely });
      await expect(slow.execute(db)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      silence.milliseconds = 0;
      await slow.execute(db);
      await db.destroy();
    });
  });

  describeWith(`${name} that is there, but`, missing, () => {
    test('refuses these credentials is not waited for', async () => {
      const fresh = await create();
      const url = new URL(fresh.url);
      url.pathname = '/no_such_database';
      const opening = openDatabase(url.href);
      await expect(opening).rejects.toThrow(/can't be opened/);
      await expect(openDatabase(url.href)).rejects.not.toBeInstanceOf(DatabaseAwayError);
      await fresh.drop();
    });

    test('takes no writes answers reads, and says that it is unavailable for the rest', async () => {
      const fresh = await create();
      const database = await openDatabase(fresh.url);
      await database.migrate();
      const run = newRun();
      await database.runs.createRun(run);
      const dialect = await openDialect(parseDatabaseUrl(fresh.url));
      const admin = new Kysely<unknown>({ dialect: dialect.kysely });
      const readOnly = (on: boolean) =>
        name === 'MariaDB'
          ? sql.raw(`set global read_only = ${on ? 1 : 0}`)
          : sql.raw(
              `alter database ${new URL(fresh.url).pathname.slice(1)} set default_transaction_read_only = ${on}`,
            );
      await readOnly(true).execute(admin);
      // A session of an ordinary user that began after that.
      const user = await userOf(admin, fresh.url);
      const limited = await openDatabase(user);
      try {
        expect(await limited.runs.getRun(run.runId)).toBeDefined();
        await expect(limited.runs.createRun(newRun())).rejects.toMatchObject({
          code: 'unavailable',
        });
      } finally {
        await sql
          .raw('set session default_transaction_read_only = off')
          .execute(admin)
          .catch(() => {});
        await readOnly(false).execute(admin);
        await limited.close();
        await admin.destroy();
        await database.close();
        await fresh.drop();
      }
    });
  });

  /** MariaDB lets its administrators write in any case. */
  async function userOf(admin: Kysely<unknown>, url: string): Promise<string> {
    if (name !== 'MariaDB') return url;
    await sql.raw("create or replace user reader@'%' identified by 'pw'").execute(admin);
    await sql.raw("grant select, insert, update, delete on *.* to reader@'%'").execute(admin);
    const changed = new URL(url);
    changed.username = 'reader';
    return changed.href;
  }
}
