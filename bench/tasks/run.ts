import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../../src/db/open.ts';
import { missing, startDatabase } from '../databases.ts';
import { machineFacts } from '../machine.ts';
import { databasesOf, type DatabaseName } from '../options.ts';
import { followRun, type FollowFigures } from './follow.ts';
import { readTasks, type ReadFigures } from './read.ts';
import { render } from './report.ts';

const HELP = `npm run bench:tasks -- [--quick] [--json] [--database sqlite|mariadb]

A run with 100,000 tasks beside one with 10, on SQLite and MariaDB: how fast its tasks come into the
database, how long another daemon needs to take it over, memory of the daemon, and what pages of tasks
cost at the beginning, the middle and the end. Takes about ten minutes; with --quick (10,000 tasks) two.
`;

const FEW = 10;

export interface DatabaseFigures {
  readonly database: DatabaseName;
  readonly follow: readonly FollowFigures[];
  readonly read: readonly ReadFigures[];
  /** Of the run with many tasks, from the database. */
  readonly removedSeconds: number;
}

interface Size {
  readonly tasks: number;
  readonly loadSeconds: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      database: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const machine = machineFacts();
  const size = values.quick
    ? { tasks: 10_000, loadSeconds: 1 }
    : { tasks: 100_000, loadSeconds: 3 };
  const directory = await mkdtemp(join(tmpdir(), 'wes-bench-tasks-'));
  try {
    const figures: DatabaseFigures[] = [];
    for (const database of databasesOf(values.database)) {
      const reason = missing(database);
      if (reason === undefined) figures.push(await measure(database, directory, size));
      else say(`SKIPPED ${database}: ${reason}`);
    }
    const report = values.json
      ? JSON.stringify({ machine, figures }, null, 2)
      : render(machine, figures);
    process.stdout.write(`${report}\n`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(
  name: DatabaseName,
  parent: string,
  { tasks, loadSeconds }: Size,
): Promise<DatabaseFigures> {
  const directory = join(parent, name);
  await mkdir(directory);
  const server = await startDatabase(name, directory);
  try {
    const databaseUrl = await server.create('bench_tasks');
    const database = await openDatabase(databaseUrl);
    try {
      await database.migrate();
      const places = { directory, databaseUrl };
      const runs = [];
      for (const count of [FEW, tasks]) {
        say(`${name}: a run with ${count} tasks`);
        runs.push(await followRun(database, places, count));
      }
      say(`${name}: reading them`);
      const read = await readTasks(places, runs, loadSeconds);
      const startedAt = performance.now();
      await database.runs.removeRun(runs.at(-1)?.runId ?? '', Date.now());
      const removedSeconds = (performance.now() - startedAt) / 1000;
      return { database: name, follow: runs, read, removedSeconds };
    } finally {
      await database.close();
    }
  } finally {
    await server.stop();
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

await main();
