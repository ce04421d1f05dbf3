import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { watchAll } from '../client/watch-all.ts';
import { waitForRun } from '../client/wait-for-run.ts';

export function watchCommand(cli: Cli): Command {
  return clientCommand('watch', 'show a run and its tasks live until it ends, or all runs')
    .argument('[run-id]', 'id of the run; without it, all that happens to runs is printed')
    .action(async (runId: string | undefined, options: ConnectionOptions) => {
      const client = await connect(cli, options);
      if (runId === undefined) await watchAll(cli, client, options);
      else await waitForRun(cli, client, runId, options);
    });
}
