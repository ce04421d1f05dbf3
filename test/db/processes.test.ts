import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { testDatabases } from '../support/databases.ts';
import { newRun } from '../support/sample-runs.ts';
import { describeWith } from '../support/suite.ts';

const run = promisify(execFile);

const CLAIM_ALL = new URL('./processes/claim-all.ts', import.meta.url);
const MIGRATE = new URL('./processes/migrate.ts', import.meta.url);

/** Runs a script in a process of its own; gives the list that it prints. */
async function inProcess(script: URL, ...args: string[]): Promise<string[]> {
  const command = [fileURLToPath(script), ...args];
  const { stdout } = await run(process.execPath, command, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as string[]; // What the scripts print.
}

for (const { name, missing, create, open } of testDatabases) {
  describeWith(`several processes on one ${name} database`, missing, () => {
    test('claim each of 200 runs exactly once', async () => {
      const { database, url, close } = await open();
      const runs = Array.from({ length: 200 }, () => newRun({ engine: 'shared' }));
      for (const queued of runs) await database.runs.createRun(queued);
      const claims = await Promise.all(
        Array.from({ length: 4 }, () => inProcess(CLAIM_ALL, url, 'shared')),
      );
      expect(claims.flat().toSorted()).toEqual(runs.map((queued) => queued.runId));
      await close();
    }, 60_000);

    test('migrate it at the same moment: one does it, the others wait for it', async () => {
      const { url, drop } = await create();
      const applied = await Promise.all(Array.from({ length: 5 }, () => inProcess(MIGRATE, url)));
      expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
      const database = await openDatabase(url);
      expect(await database.pendingMigrations()).toEqual([]);
      await database.close();
      await drop();
    }, 60_000);
  });
}
