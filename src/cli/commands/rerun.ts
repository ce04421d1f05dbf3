import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { waitForRun } from '../client/wait-for-run.ts';
import { writeJson, writeLine } from '../terminal.ts';

interface RerunOptions extends ConnectionOptions {
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
}

export function rerunCommand(cli: Cli): Command {
  return clientCommand('rerun', 'submit the request of a run again, as a new run')
    .argument('<run-id>', 'id of the run')
    .option('--idempotency-key <key>', 'asking again with the same key gives the same new run')
    .option('--wait', 'show the new run until it ends; the exit status tells how')
    .action(async (runId: string, options: RerunOptions) => {
      const client = await connect(cli, options);
      const newRunId = await client.rerun(runId, options.idempotencyKey);
      if (options.wait === true) {
        if (options.json !== true) writeLine(cli.terminal.stdout, `Submitted as ${newRunId}`);
        await waitForRun(cli, client, newRunId, options);
      } else if (options.json === true) writeJson(cli.terminal, { run_id: newRunId });
      else writeLine(cli.terminal.stdout, newRunId);
    });
}
