import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withListenOptions, type ListenOptions } from '../wiring/configuration.ts';

export function upCommand(cli: Cli): Command {
  const command = new Command('up').description(
    'run API and daemon together, with nothing to configure',
  );
  return withListenOptions(command).action(async (options: ListenOptions) => {
    const { runUp } = await import('../supervisor/run-up.ts');
    await runUp(cli, options);
  });
}
