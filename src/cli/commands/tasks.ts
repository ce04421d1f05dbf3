import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { taskColumns } from '../client/run-display.ts';
import { TaskPages } from '../client/task-pages.ts';
import { writeJson } from '../terminal.ts';
import { writeTable } from '../write-table.ts';

export function tasksCommand(cli: Cli): Command {
  return clientCommand('tasks', 'list the tasks of a run')
    .argument('<run-id>', 'id of the run')
    .action(async (runId: string, options: ConnectionOptions) => {
      const client = await connect(cli, options);
      const tasks = await new TaskPages(client, runId).read();
      if (options.json === true) writeJson(cli.terminal, tasks);
      else writeTable(cli.terminal.stdout, tasks, taskColumns(Date.now));
    });
}
