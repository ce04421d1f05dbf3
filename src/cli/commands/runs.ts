import type { Command } from 'commander';
import { isState, STATES } from '../../runs/state.ts';
import { eachPage, type WesClient } from '../../wes/client.ts';
import type { RunState } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { colourOfState, duration } from '../client/run-display.ts';
import { UsageError } from '../exit-codes.ts';
import { collectedList, collectedPair, positiveInteger } from '../option-values.ts';
import type { Column } from '../table.ts';
import { writeJson } from '../terminal.ts';
import { writeTable } from '../write-table.ts';

interface RunsOptions extends ConnectionOptions {
  readonly state?: readonly string[];
  readonly tag?: Readonly<Record<string, string>>;
  readonly limit: number;
  readonly all?: boolean;
}

const DEFAULT_LIMIT = 20;
const PAGE_SIZE = 100;

export function runsCommand(cli: Cli): Command {
  return clientCommand('runs', 'list runs, newest first')
    .option(
      '--state <state>',
      'only runs in this state (repeatable, or with commas)',
      collectedList,
    )
    .option('--tag <key=value>', 'only runs with this tag (repeatable)', collectedPair)
    .option('--limit <n>', 'list at most so many runs', positiveInteger, DEFAULT_LIMIT)
    .option('--all', 'list all runs')
    .action(async (options: RunsOptions) => {
      const states = (options.state ?? []).map((state) => state.toUpperCase());
      const unknown = states.find((state) => !isState(state));
      if (unknown !== undefined) {
        throw new UsageError(`--state: "${unknown}" is none of ${STATES.join(', ')}`);
      }
      const client = await connect(cli, options);
      const limit = options.all === true ? Infinity : options.limit;
      const rows = await matchingRuns(client, { states, tags: options.tag ?? {}, limit });
      if (options.json === true) writeJson(cli.terminal, rows);
      else writeTable(cli.terminal.stdout, rows, COLUMNS);
    });
}

interface Wanted {
  readonly states: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly limit: number;
}

/** Filters are asked of the server and applied here as well: other servers take no notice of them. */
async function matchingRuns(client: WesClient, wanted: Wanted): Promise<readonly RunState[]> {
  const { states, tags, limit } = wanted;
  // A server that does not filter is read until there are enough matches: not a few rows at a time.
  const isFiltered = states.length > 0 || Object.keys(tags).length > 0;
  const pageSize = isFiltered ? PAGE_SIZE : Math.min(limit, PAGE_SIZE);
  const pages = eachPage((pageToken) => client.listRuns({ states, tags, pageSize, pageToken }));
  const rows: RunState[] = [];
  for await (const page of pages) {
    rows.push(...page.filter((run) => matches(run, wanted)));
    if (rows.length >= limit) break;
  }
  return rows.slice(0, limit);
}

function matches(run: RunState, { states, tags }: Wanted): boolean {
  const hasState = states.length === 0 || states.includes(run.state);
  return hasState && Object.entries(tags).every(([key, value]) => run.tags[key] === value);
}

const COLUMNS: readonly Column<RunState>[] = [
  { title: 'RUN', value: (run) => run.run_id },
  { title: 'STATE', value: (run) => run.state, colour: (run) => colourOfState(run.state) },
  { title: 'STARTED', value: (run) => run.start_time ?? '' },
  { title: 'TIME', value: (run) => duration(run) },
  { title: 'TAGS', value: (run) => tagText(run.tags), shrinks: true },
];

function tagText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
