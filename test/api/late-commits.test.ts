import { Kysely } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFollowFeed, type FollowFeed } from '../../src/api/streams/follow-feed.ts';
import { parseDatabaseUrl } from '../../src/db/database-url.ts';
import type { DatabaseDialect } from '../../src/db/dialects/dialect.ts';
import { openDialect } from '../../src/db/dialects/open-dialect.ts';
import { changeState } from '../../src/db/runs/change-state.ts';
import type { Tables } from '../../src/db/schema.ts';
import { testDatabases, type TestDatabase } from '../support/databases.ts';
import { newRun, runIn } from '../support/sample-runs.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

/** SQLite has one writer at a time: what is written first is visible first. */
for (const { name, missing, open } of testDatabases.filter((each) => each.name !== 'SQLite')) {
  describeWith(`changes that become visible late on ${name}`, missing, () => {
    let opened: TestDatabase;
    let dialect: DatabaseDialect;
    let db: Kysely<Tables>;
    let followFeed: FollowFeed;
    const stopping: AbortController[] = [];

    beforeEach(async () => {
      opened = await open();
      dialect = await openDialect(parseDatabaseUrl(opened.url));
      db = new Kysely<Tables>({ dialect: dialect.kysely });
      followFeed = createFollowFeed(opened.database.runs, pino({ level: 'silent' }));
    });
    afterEach(async () => {
      for (const controller of stopping.splice(0)) controller.abort();
      await db.destroy();
      await opened.close();
    });

    function follow(from?: number) {
      const controller = new AbortController();
      stopping.push(controller);
      const texts: string[] = [];
      void (async () => {
        const request = { from, wants: () => true };
        for await (const events of followFeed(request, controller.signal)) {
          texts.push(events.toString());
        }
      })();
      const told = () => {
        const all = texts.join('').matchAll(/"run_id":"([^"]+)".*"to":"([A-Z]+)"/g);
        return [...all].map(([, runId, to]) => `${runId} ${to}`);
      };
      const position = () => Number(/.*^id: (\d+)$/ms.exec(texts.join(''))?.[1]);
      return { told, position, begun: () => until(() => texts.length > 0) };
    }

    /** A move of a run that is written now, and visible when it is told to be. */
    async function lateMove(runId: string, to: 'CANCELED' | 'COMPLETE') {
      const written = Promise.withResolvers<void>();
      const ending = Promise.withResolvers<void>();
      const committed = db.transaction().execute(async (tx) => {
        const change = { runId, to, at: Date.now(), actor: 'user:alice', reason: 'a test' };
        expect(await changeState(dialect, tx, change, (update) => update)).toBe(true);
        written.resolve();
        await ending.promise;
      });
      await written.promise;
      return async () => {
        ending.resolve();
        await committed;
      };
    }

    test('are told though later ones were told before', async () => {
      const { runs } = opened.database;
      const [queued, other] = [newRun(), newRun()];
      for (const run of [queued, other]) await runs.createRun(run);
      const { run: running } = await runIn(runs, 'RUNNING');
      const feed = follow();
      await feed.begun();
      const commits = [
        await lateMove(queued.runId, 'CANCELED'),
        await lateMove(running.runId, 'COMPLETE'),
      ];
      await runs.requestCancel(other.runId, 'user:alice', Date.now());
      await until(() => feed.told().includes(`${other.runId} CANCELED`));
      const position = feed.position();
      for (const commit of commits) await commit();
      const late = [`${queued.runId} CANCELED`, `${running.runId} COMPLETE`];
      await until(() => late.every((event) => feed.told().includes(event)));
      expect(new Set(feed.told()).size).toBe(feed.told().length);
      // Nor are they missed by a client that comes back to where it was before.
      const resumed = follow(position);
      await until(() => late.every((event) => resumed.told().includes(event)));
      expect(new Set(resumed.told()).size).toBe(resumed.told().length);
    });

    test('of tasks are told in their order', async () => {
      const { runs } = opened.database;
      const { run, lease } = await runIn(runs, 'RUNNING');
      const { runId } = run;
      const task = { name: 'a', command: [], systemLogs: [] };
      const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
      const told: string[] = [];
      let after = 0;
      let isOver = false;
      const reading = (async () => {
        while (!isOver) {
          isOver = (await runs.getRunState(runId))?.state === 'COMPLETE';
          for (const change of (await runs.listChanges([{ runId, after }], 7)).get(runId) ?? []) {
            after = change.revision;
            if (change.type === 'task') told.push(change.task.taskId);
            // One part does not tell all.
            if (isOver) isOver = change.type === 'state' && change.event.to === 'COMPLETE';
          }
        }
      })();
      await Promise.all(
        numbers.map((n) =>
          runs.saveTasks(lease, [{ ...task, taskId: `t${n}`, position: n, startedAt: n }]),
        ),
      );
      await runs.moveRun({ ...lease, to: 'COMPLETE', at: Date.now(), reason: 'a test' });
      await reading;
      expect([...told].sort()).toEqual(numbers.map((n) => `t${n}`).sort());
    });
  });
}
