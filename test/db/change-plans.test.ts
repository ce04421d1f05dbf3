import { CompiledQuery, Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/db/database-url.ts';
import { openDialect } from '../../src/db/dialects/open-dialect.ts';
import { createRunStore } from '../../src/db/run-store.ts';
import type { Tables } from '../../src/db/schema.ts';
import type { RunStore } from '../../src/runs/run-store.ts';
import { testDatabases, type TestDatabase } from '../support/databases.ts';
import { describeWith } from '../support/suite.ts';

const ROWS = 4000;
const EXPLAIN = {
  SQLite: 'explain query plan',
  MariaDB: 'explain',
  PostgreSQL: 'explain',
} as const;

for (const { name, missing, open } of testDatabases) {
  describeWith(`changes on ${name}`, missing, () => {
    const queries: CompiledQuery[] = [];
    let opened: TestDatabase;
    let db: Kysely<Tables>;
    let store: RunStore;

    beforeAll(async () => {
      opened = await open();
      const dialect = await openDialect(parseDatabaseUrl(opened.url));
      db = new Kysely<Tables>({
        dialect: dialect.kysely,
        log: ({ query }) => void queries.push(query),
      });
      store = createRunStore({ db, dialect });
      await fill();
    });
    afterAll(async () => {
      await db.destroy();
      await opened.close();
    });

    /** Enough that no planner takes the whole table for the quickest way. */
    async function fill(): Promise<void> {
      for (let start = 0; start < ROWS; start += 200) {
        const part = Array.from({ length: 200 }, (_, index) => start + index + 1);
        const values = (row: (n: number) => readonly unknown[]) =>
          sql.join(part.map((n) => sql`(${sql.join(row(n))})`));
        await sql`insert into workflow_runs (run_id, owner, state, revision, created_at, attempt, engine,
          workflow_type, lease_owner, tags, request) values ${values((n) => {
            const lease = n % 1000 === 0 ? 'daemon' : null;
            return [`run-${n}`, 'alice', 'COMPLETE', 1, n, 1, 'a', 'CWL', lease, '{}', '{}'];
          })}`.execute(db);
        await sql`insert into run_events (run_id, revision, recorded_at, at, to_state, actor, reason)
          values ${values((n) => [`run-${n}`, 1, n, 1, 'QUEUED', '""', '""'])}`.execute(db);
        await sql`insert into task_logs (run_id, task_id, position, revision, recorded_at, details)
          values ${values((n) => ['run-1', `task-${n}`, n, n + 1, n, '{}'])}`.execute(db);
      }
      const analyze = { SQLite: '', MariaDB: 'analyze table', PostgreSQL: 'vacuum analyze' }[name];
      if (analyze === '') return;
      for (const table of ['run_events', 'task_logs', 'workflow_runs']) {
        await sql`${sql.raw(analyze)} ${sql.table(table)}`.execute(db);
      }
    }

    async function plansOf(ask: () => Promise<unknown>): Promise<readonly string[]> {
      queries.length = 0;
      await ask();
      const asked = [...queries];
      return Promise.all(asked.map(explain));
    }

    async function explain({ sql: text, parameters }: CompiledQuery): Promise<string> {
      const query = CompiledQuery.raw(`${EXPLAIN[name]} ${text}`, [...parameters]);
      const { rows } = await db.executeQuery<Record<string, unknown>>(query);
      return rows.map((row) => Object.values(row).join(' ')).join('\n');
    }

    const cursors = [1, 2, 3].map((n) => ({ runId: `run-${n}`, after: ROWS - n }));

    test('of tasks are a range of an index, however many tasks a run has', async () => {
      const [, tasks] = await plansOf(() => store.listChanges(cursors, 250));
      expect(tasks).toContain('task_logs_by_revision');
      if (name === 'SQLite') expect(tasks).toContain('(run_id=? AND revision>?)');
      if (name === 'MariaDB') expect(tasks).toMatch(/ range \S*task_logs_by_revision/);
      expect(tasks).not.toMatch(/Seq Scan on task_logs|SCAN task_logs/);
    });

    test('of history are a range of the primary key', async () => {
      const [lines] = await plansOf(() => store.listChanges(cursors, 250));
      expect(lines).not.toMatch(/Seq Scan on run_events|SCAN run_events/);
      expect(lines).toMatch(/run_id=\? AND revision>\?|range PRIMARY|Index Cond/);
    });

    test('of all runs are a range of an index that is read alone', async () => {
      const [plan] = await plansOf(() => store.listRecorded({ from: ROWS - 20, limit: 1000 }));
      expect(plan).toContain('run_events_by_record');
      expect(plan).toMatch(/COVERING INDEX|Using index|Index Only Scan/);
      expect(plan).not.toMatch(/Sort|TEMP B-TREE|filesort/);
    });

    test('of leases are found in an index', async () => {
      const [plan] = await plansOf(() => store.listLeasedHeads());
      expect(plan).toMatch(
        /runs_by_lease \(lease_owner>\?\)|range runs_by_lease|using runs_by_lease/,
      );
    });
  });
}
