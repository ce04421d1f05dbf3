import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, type Dialect } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSqliteDialect } from '../../src/db/dialects/sqlite.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createRun } from '../../src/db/runs/create.ts';
import { getRun } from '../../src/db/runs/get.ts';
import type { Tables } from '../../src/db/schema.ts';
import { WesError } from '../../src/runs/errors.ts';
import { testDatabases, type TestDatabase } from '../support/databases.ts';
import { newRun } from '../support/sample-runs.ts';
import { describeWith } from '../support/suite.ts';

/** Escaped it is half as long again, and it stands there twice. */
const LARGE_TAGS = { quotes: '"'.repeat(3_000_000) };

for (const { name, missing, open } of testDatabases) {
  describeWith(`a very large request on ${name}`, missing, () => {
    let opened: TestDatabase;
    beforeAll(async () => void (opened = await open()));
    afterAll(() => opened.close());

    test('is stored, or refused for its size with nothing left', async () => {
      const { runs } = opened.database;
      const run = newRun({ request: { tags: LARGE_TAGS } });
      const outcome = await runs.createRun(run).then(
        () => 'stored',
        (error: unknown) => (error instanceof WesError ? error.code : error),
      );
      expect(outcome).toBe(name === 'MariaDB' ? 'too_large' : 'stored');
      expect((await runs.getRun(run.runId))?.request.tags).toEqual(
        outcome === 'stored' ? LARGE_TAGS : undefined,
      );
      const next = newRun({ request: { workflowParams: { a: '\u00e9"'.repeat(1_000_000) } } });
      expect(await runs.createRun(next)).toEqual({ created: true });
      expect((await runs.getRun(next.runId))?.request).toEqual(next.request);
    });
  });
}

describe('a run whose commit gets no answer', () => {
  test('may be there, and this is what is said', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'test-commit-'));
    const dialect = createSqliteDialect(join(directory, 'wes.db'));
    let isCut = false;
    const kysely: Dialect = {
      ...dialect.kysely,
      createDriver: () => {
        const driver = dialect.kysely.createDriver();
        const commit = driver.commitTransaction.bind(driver);
        driver.commitTransaction = async (connection) => {
          await commit(connection);
          if (isCut) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
        };
        return driver;
      },
    };
    const connection = { db: new Kysely<Tables>({ dialect: kysely }), dialect };
    await migrate(connection);
    isCut = true;
    const run = newRun();
    await expect(createRun(connection, run)).rejects.toMatchObject({
      name: 'OutcomeUnknownError',
      code: 'unavailable',
    });
    isCut = false;
    expect(await getRun(connection, run.runId)).toMatchObject({ state: 'QUEUED' });
    await connection.db.destroy();
    await rm(directory, { recursive: true });
  });
});
