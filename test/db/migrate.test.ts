import { randomUUID } from 'node:crypto';
import { Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/db/database-url.ts';
import { openDialect } from '../../src/db/dialects/open-dialect.ts';
import { openDatabase, type Database } from '../../src/db/open.ts';
import { testDatabases } from '../support/databases.ts';
import { newRun, runIn } from '../support/sample-runs.ts';
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
      const all = await database.migrate();
      if (name === 'MariaDB') {
        // Its changes of the schema are not undone with a transaction: they stay behind.
        await sql`delete from wes_migrations where name >= '0005'`.execute(raw);
        await sql`drop index runs_by_end on workflow_runs`.execute(raw);
        await sql`drop table claim_locks`.execute(raw);
        await sql`drop index task_logs_by_revision on task_logs`.execute(raw);
        expect(await database.migrate()).toEqual(['0005-queue-order', '0006-changes']);
      } else {
        await sql`delete from wes_migrations`.execute(raw);
        await expect(database.migrate()).rejects.toThrow('already exists');
        expect(await database.pendingMigrations()).toHaveLength(all.length);
        return;
      }
      await database.runs.createRun(newRun());
      expect(await database.daemons.list()).toEqual([]);
    });

    test('takes over what waits in the queue of the version before', async () => {
      await database.migrate();
      const request = { workflowEngine: 'cwltool', workflowEngineVersion: '3.1' };
      const insisting = newRun({ request });
      const free = newRun();
      await database.runs.createRun(insisting);
      await database.runs.createRun(free);
      await undoChanges();
      await undoQueueOrder();
      expect(await database.migrate()).toEqual(['0005-queue-order', '0006-changes']);
      const claim = (versions: readonly string[]) =>
        database.runs.claimRun({
          daemonId: randomUUID(),
          executor: 'local',
          at: 1,
          engines: [{ engine: 'cwltool', versions }],
        });
      expect((await claim(['3.0']))?.runId).toBe(free.runId);
      expect(await claim(['3.0'])).toBeUndefined();
      expect((await claim(['3.1']))?.runId).toBe(insisting.runId);
    });

    test('tells what happens to runs of the version before, and their history', async () => {
      await database.migrate();
      const { run, lease } = await runIn(database.runs, 'RUNNING');
      const { runId } = run;
      const task = { position: 1, name: 'a', command: [], systemLogs: [] };
      await database.runs.saveTasks(lease, [{ ...task, taskId: 'before' }]);
      await undoChanges();
      expect(await database.migrate()).toEqual(['0006-changes']);
      const [before] = await database.runs.listHeads([runId]);
      await database.runs.saveTasks(lease, [{ ...task, taskId: 'after', position: 2 }]);
      await database.runs.saveTasks(lease, [{ ...task, taskId: 'before', exitCode: 0 }]);
      const changes = (await database.runs.listChanges([{ runId, after: 0 }], 100)).get(runId);
      const told = changes?.map((c) => (c.type === 'state' ? c.event.to : c.task.taskId));
      expect(told).toEqual(['QUEUED', 'INITIALIZING', 'RUNNING', 'after', 'before']);
      const later = (await database.runs.recordingTime()) + 1000;
      const heads = await database.runs.listHeadsBefore([runId], later);
      expect(heads.get(runId)).toBe((before?.revision ?? 0) + 2);
      expect(await database.runs.listTasks(runId, { after: 0, limit: 9 })).toHaveLength(2);
    });

    /** The schema as it was before changes had an order of their own. */
    async function undoChanges(): Promise<void> {
      const columns = {
        run_events: ['recorded_at'],
        task_logs: ['revision', 'recorded_at'],
      };
      const indexes = { run_events: 'run_events_by_record', task_logs: 'task_logs_by_revision' };
      for (const table of ['run_events', 'task_logs'] as const) {
        const onTable = name === 'MariaDB' ? sql`on ${sql.table(table)}` : sql``;
        await sql`drop index ${sql.ref(indexes[table])} ${onTable}`.execute(raw);
        for (const column of columns[table]) {
          await sql`alter table ${sql.table(table)} drop column ${sql.ref(column)}`.execute(raw);
        }
      }
      await sql`delete from wes_migrations where name like '0006%'`.execute(raw);
    }

    /** The schema as it was before the queue had an order of its own. */
    async function undoQueueOrder(): Promise<void> {
      const onTable = sql.raw(name === 'MariaDB' ? 'on workflow_runs' : '');
      for (const index of ['runs_by_turn', 'runs_by_end']) {
        await sql`drop index ${sql.ref(index)} ${onTable}`.execute(raw);
      }
      const columns = ['queue', 'priority', 'pause_requested', 'rerun_of', 'logs_removed_at'];
      for (const column of columns) {
        await sql`alter table workflow_runs drop column ${sql.ref(column)}`.execute(raw);
      }
      await sql`alter table workflow_runs add column queued_engine varchar(255)`.execute(raw);
      await sql`update workflow_runs set queued_engine = engine`.execute(raw);
      await sql`create index runs_by_queue on workflow_runs (queued_engine, run_id)`.execute(raw);
      for (const table of ['run_removals', 'claim_locks']) {
        await sql`drop table ${sql.table(table)}`.execute(raw);
      }
      await sql`delete from wes_migrations where name like '0005%'`.execute(raw);
    }
  });
}
