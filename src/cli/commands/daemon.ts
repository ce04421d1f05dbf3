import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withConfigurationOptions, type ConfigurationOptions } from '../wiring/configuration.ts';

export function daemonCommand(cli: Cli): Command {
  const command = new Command('daemon').description('execute queued runs; any number may run');
  return withConfigurationOptions(command).action(async (options: ConfigurationOptions) => {
    const { runDaemon } = await import('../wiring/run-daemon.ts');
    await runDaemon(cli, options);
  });
}
