import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Length of one measurement with many requests. */
  readonly loadSeconds: number;
  /** Runs timed one after the other, whose daemon is woken by the API. */
  readonly wakeSamples: number;
  /** Runs timed against a daemon that polls, and over how long they are spread. */
  readonly pollSamples: number;
  readonly pollSpreadSeconds: number;
  readonly databases: readonly DatabaseName[];
  readonly asJson: boolean;
}

export type DatabaseName = 'SQLite' | 'MariaDB';

const HELP = `npm run bench -- [--quick] [--json] [--database sqlite|mariadb]

Measures a real service over loopback, on SQLite and MariaDB, and prints the figures:
submissions, status and list requests per second at 1,000 and 100,000 stored runs, and
the time from a submission to RUNNING. Takes about two minutes; with --quick under one.
`;

const FULL = { loadSeconds: 5, wakeSamples: 100, pollSamples: 60, pollSpreadSeconds: 15 };
const QUICK = { loadSeconds: 1, wakeSamples: 30, pollSamples: 20, pollSpreadSeconds: 4 };

/** Undefined when help was asked for, and given. */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      database: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return undefined;
  }
  return {
    ...(values.quick ? QUICK : FULL),
    databases: databasesOf(values.database),
    asJson: values.json,
  };
}

export function databasesOf(wanted: string | undefined): readonly DatabaseName[] {
  const all: readonly DatabaseName[] = ['SQLite', 'MariaDB'];
  if (wanted === undefined) return all;
  const chosen = all.filter((name) => name.toLowerCase() === wanted.toLowerCase());
  if (chosen.length === 0) throw new Error(`--database takes sqlite or mariadb, not ${wanted}`);
  return chosen;
}
