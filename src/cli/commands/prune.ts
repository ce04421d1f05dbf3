import { Command, InvalidArgumentError, Option } from 'commander';
import type { SweepParts } from '../../daemon/removal-sweep.ts';
import type { Selection } from '../../daemon/retention.ts';
import { isState, isTerminal, STORED_STATES, type StoredState } from '../../runs/state.ts';
import type { Cli } from '../cli.ts';
import { UsageError } from '../exit-codes.ts';
import { collectedList } from '../option-values.ts';
import { writeLine } from '../terminal.ts';
import {
  configurationFor,
  withConfigurationOptions,
  type ConfigurationOptions,
} from '../wiring/configuration.ts';

interface PruneOptions extends ConfigurationOptions {
  readonly runsOlderThan?: number;
  readonly logsOlderThan?: number;
  readonly cachesOlderThan?: number;
  readonly state?: readonly string[];
  readonly owner?: string;
  readonly dryRun?: boolean;
}

const ENDED = STORED_STATES.filter(isTerminal);

export function pruneCommand(cli: Cli): Command {
  const command = new Command('prune').description(
    'remove old runs, their logs alone, or old caches; what is of runs that have not ended always stays',
  );
  return withConfigurationOptions(command)
    .addOption(
      new Option(
        '--runs-older-than <age>',
        'remove runs that ended longer ago, with all they have',
      ).argParser(milliseconds),
    )
    .addOption(
      new Option(
        '--logs-older-than <age>',
        'remove the logs of runs that ended longer ago',
      ).argParser(milliseconds),
    )
    .addOption(
      new Option(
        '--caches-older-than <age>',
        'remove the kept results of tasks, on this machine, that no run has used since',
      ).argParser(milliseconds),
    )
    .option(
      '--state <state...>',
      `only of runs in these states: ${ENDED.join(', ')}`,
      collectedList,
    )
    .option('--owner <name>', 'only runs of this user')
    .option('--dry-run', 'only say what it would be')
    .addHelpText('after', '\nAn age is a number and a unit: 30d, 12h, 90m or 60s.')
    .action((options: PruneOptions) => prune(cli, options));
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;

function milliseconds(age: string): number {
  const [, number, unit] = /^(\d{1,7})([dhms])$/.exec(age) ?? [];
  if (number === undefined || unit === undefined) {
    throw new InvalidArgumentError(`"${age}" is no age: a number and d, h, m or s, as in 30d.`);
  }
  return Number(number) * UNITS_MS[unit as keyof typeof UNITS_MS]; // one of [dhms]
}

async function prune(cli: Cli, options: PruneOptions): Promise<void> {
  const { runsOlderThan, logsOlderThan, cachesOlderThan } = options;
  if (runsOlderThan === undefined && logsOlderThan === undefined && cachesOlderThan === undefined) {
    throw new UsageError(
      'Say what is to be removed: --runs-older-than, --logs-older-than or --caches-older-than.',
    );
  }
  const isSelective = options.state !== undefined || options.owner !== undefined;
  if (cachesOlderThan !== undefined && isSelective) {
    throw new UsageError('--state and --owner choose among runs and logs, not among caches.');
  }
  const states = endedStates(options.state);
  const select = (ageMs: number): Selection => ({
    endedBefore: Date.now() - ageMs,
    ...(states && { states }),
    ...(options.owner !== undefined && { owner: options.owner }),
  });
  await withParts(cli, options, async (parts) => {
    const dryRun = options.dryRun === true;
    if (runsOlderThan !== undefined) await pruneRuns(cli, parts, select(runsOlderThan), dryRun);
    if (logsOlderThan !== undefined) await pruneLogs(cli, parts, select(logsOlderThan), dryRun);
    if (cachesOlderThan !== undefined) {
      const { engineCacheDir } = configurationFor(cli, options);
      await pruneCaches(cli, parts, engineCacheDir, Date.now() - cachesOlderThan, dryRun);
    }
  });
}

function endedStates(names: readonly string[] | undefined): readonly StoredState[] | undefined {
  return names?.map((name) => {
    if (isState(name) && name !== 'UNKNOWN' && isTerminal(name)) return name;
    throw new UsageError(`--state: "${name}" is none of ${ENDED.join(', ')}.`);
  });
}

async function pruneRuns(
  cli: Cli,
  parts: SweepParts,
  selection: Selection,
  dryRun: boolean,
): Promise<void> {
  if (dryRun) return tellRuns(cli, parts, selection, 'would be removed');
  const { removeEnded } = await import('../../daemon/retention.ts');
  const { removeDue } = await import('../../daemon/removal-sweep.ts');
  const count = await removeEnded(parts, selection, () => cli.signal.aborted);
  await removeDue(parts, () => cli.signal.aborted);
  writeLine(cli.terminal.stdout, `Removed ${runs(count)}.`);
}

async function pruneLogs(
  cli: Cli,
  parts: SweepParts,
  selection: Selection,
  dryRun: boolean,
): Promise<void> {
  const query = { ...selection, withLogs: true };
  if (dryRun) return tellRuns(cli, parts, query, 'would lose its logs');
  const { removeLogs } = await import('../../daemon/retention.ts');
  const count = await removeLogs(parts, selection, 'wes prune', () => cli.signal.aborted);
  writeLine(cli.terminal.stdout, `Removed the logs of ${runs(count)}.`);
}

async function pruneCaches(
  cli: Cli,
  parts: SweepParts,
  root: string,
  usedBefore: number,
  dryRun: boolean,
): Promise<void> {
  const { cachesToGo, removeCaches } = await import('../../daemon/cache-retention.ts');
  const { stdout } = cli.terminal;
  if (dryRun) {
    for await (const { name, usedAt } of cachesToGo(parts, root, usedBefore)) {
      const used = new Date(usedAt).toISOString();
      writeLine(stdout, `The cache of ${name} would be removed: last used ${used}`);
    }
    return;
  }
  const count = await removeCaches(parts, root, usedBefore, () => cli.signal.aborted);
  writeLine(stdout, `Removed ${count === 1 ? '1 cache' : `${count} caches`}.`);
}

async function tellRuns(
  cli: Cli,
  parts: SweepParts,
  query: Selection & { readonly withLogs?: boolean },
  what: string,
): Promise<void> {
  const { endedRuns } = await import('../../daemon/retention.ts');
  for await (const { runId, owner, state, endedAt } of endedRuns(parts, query)) {
    const ended = new Date(endedAt).toISOString();
    writeLine(cli.terminal.stdout, `${runId} ${what}: ${state} of ${owner}, ended ${ended}`);
  }
}

function runs(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`;
}

async function withParts(
  cli: Cli,
  options: PruneOptions,
  work: (parts: SweepParts) => Promise<void>,
): Promise<void> {
  const { openMigratedDatabase } = await import('../wiring/database.ts');
  const { createLogger } = await import('../wiring/logger.ts');
  const { createStorage } = await import('../wiring/storage.ts');
  const config = configurationFor(cli, options);
  const database = await openMigratedDatabase(config);
  try {
    await work({
      store: database.runs,
      removals: database.removals,
      storage: await createStorage(config),
      logger: createLogger({ ...config, logLevel: 'warn' }, 'prune'),
      now: Date.now,
    });
  } finally {
    await database.close();
  }
}
