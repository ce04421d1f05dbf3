import type { Command } from 'commander';
import type { WesClient } from '../../wes/client.ts';
import type { RunState } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { writeStates } from '../client/write-states.ts';
import { writeLine } from '../terminal.ts';

export function statusCommand(cli: Cli): Command {
  return clientCommand('status', 'show the states of runs')
    .argument('<run-id...>', 'ids of runs')
    .action(async (runIds: readonly string[], options: ConnectionOptions) => {
      const client = await connect(cli, options);
      const states: RunState[] = [];
      for (const runId of runIds) states.push(await client.getRunStatus(runId));
      writeStates(cli.terminal, states, options);
      if (options.json !== true) await writePositions(cli, client, states);
    });
}

async function writePositions(
  cli: Cli,
  client: WesClient,
  states: readonly RunState[],
): Promise<void> {
  for (const { run_id: runId, state } of states) {
    const position = state === 'QUEUED' ? await client.getQueuePosition(runId) : undefined;
    if (position === undefined) continue;
    writeLine(cli.terminal.stdout, `Place of ${runId} in the queue: ${position}`);
  }
}
