import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withListenOptions, type ListenOptions } from '../wiring/configuration.ts';

export function serveCommand(cli: Cli): Command {
  const command = new Command('serve').description('run the API alone; any number may run');
  return withListenOptions(command).action(async (options: ListenOptions) => {
    const { runApi } = await import('../wiring/run-api.ts');
    await runApi(cli, options);
  });
}
