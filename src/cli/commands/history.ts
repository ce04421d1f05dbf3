import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { writeJson, writeLine } from '../terminal.ts';
import { writeTable } from '../write-table.ts';

export function historyCommand(cli: Cli): Command {
  return clientCommand('history', 'show how a run came to where it stands')
    .argument('<run-id>', 'id of the run')
    .action(async (runId: string, options: ConnectionOptions) => {
      const client = await connect(cli, options);
      const found = await client.getHistory(runId);
      if (options.json === true) {
        writeJson(cli.terminal, found);
        return;
      }
      const { stdout } = cli.terminal;
      writeTable(stdout, found.history, [
        { title: 'TIME', value: ({ time }) => time },
        { title: 'STATE', value: ({ from, to }) => (from === to ? '' : to) },
        { title: 'WHO', value: ({ actor }) => actor },
        { title: 'WHY', value: ({ reason }) => reason },
      ]);
      if (found.rerun_of !== undefined) writeLine(stdout, `Rerun of ${found.rerun_of}`);
      if (found.paused_seconds > 0)
        writeLine(stdout, `Paused for ${found.paused_seconds} s in all`);
    });
}
