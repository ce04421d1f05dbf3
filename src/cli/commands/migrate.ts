import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../terminal.ts';
import {
  configurationFor,
  withConfigurationOptions,
  type ConfigurationOptions,
} from '../wiring/configuration.ts';

interface MigrateOptions extends ConfigurationOptions {
  readonly status?: boolean;
}

export function migrateCommand(cli: Cli): Command {
  const command = new Command('migrate').description('bring the tables of the database up to date');
  return withConfigurationOptions(command)
    .option('--status', 'only say what would be done; exit status 1 when something would')
    .action((options: MigrateOptions) => migrate(cli, options));
}

async function migrate(cli: Cli, options: MigrateOptions): Promise<void> {
  const { openAnyDatabase } = await import('../wiring/database.ts');
  const { stdout } = cli.terminal;
  const database = await openAnyDatabase(configurationFor(cli, options));
  try {
    if (options.status === true) {
      const pending = await database.pendingMigrations();
      for (const name of pending) writeLine(stdout, `to be applied: ${name}`);
      if (pending.length === 0) writeLine(stdout, 'The database is up to date.');
      else cli.finish(EXIT.failed);
      return;
    }
    const applied = await database.migrate();
    for (const name of applied) writeLine(stdout, `applied: ${name}`);
    writeLine(stdout, 'The database is up to date.');
  } finally {
    await database.close();
  }
}
