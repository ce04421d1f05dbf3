import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { writeJson, writeLine } from '../terminal.ts';

export function removeCommand(cli: Cli): Command {
  return clientCommand('rm', 'remove runs that have ended, with their logs and outputs, for ever')
    .argument('<run-id...>', 'ids of runs')
    .action(async (runIds: readonly string[], options: ConnectionOptions) => {
      const client = await connect(cli, options);
      for (const runId of runIds) {
        await client.removeRun(runId);
        if (options.json !== true) writeLine(cli.terminal.stdout, `Removed ${runId}`);
      }
      if (options.json === true) {
        writeJson(
          cli.terminal,
          runIds.map((runId) => ({ run_id: runId })),
        );
      }
    });
}
