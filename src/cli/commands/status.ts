import type { Command } from 'commander';
import type { RunState } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { writeStates } from '../client/write-states.ts';

export function statusCommand(cli: Cli): Command {
  return clientCommand('status', 'show the states of runs')
    .argument('<run-id...>', 'ids of runs')
    .action(async (runIds: readonly string[], options: ConnectionOptions) => {
      const client = await connect(cli, options);
      const states: RunState[] = [];
      for (const runId of runIds) states.push(await client.getRunStatus(runId));
      writeStates(cli.terminal, states, options);
    });
}
