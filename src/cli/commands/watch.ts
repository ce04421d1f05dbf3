import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { waitForRun } from '../client/wait-for-run.ts';

export function watchCommand(cli: Cli): Command {
  return clientCommand('watch', 'show a run and its tasks live until it ends')
    .argument('<run-id>', 'id of the run')
    .action(async (runId: string, options: ConnectionOptions) => {
      const client = await connect(cli, options);
      await waitForRun(cli, client, runId, options);
    });
}
