import type { Command } from 'commander';
import type { WesClient } from '../../wes/client.ts';
import type { RunState } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { writeStates } from '../client/write-states.ts';

export function pauseCommand(cli: Cli): Command {
  return command(cli, 'pause', 'halt running runs, with all that they started', (client, runId) =>
    client.pauseRun(runId),
  );
}

export function resumeCommand(cli: Cli): Command {
  return command(cli, 'resume', 'let paused runs go on', (client, runId) =>
    client.resumeRun(runId),
  );
}

/** The states are those at that moment: a daemon carries the wish out. */
function command(
  cli: Cli,
  name: string,
  description: string,
  ask: (client: WesClient, runId: string) => Promise<void>,
): Command {
  return clientCommand(name, description)
    .argument('<run-id...>', 'ids of runs')
    .action(async (runIds: readonly string[], options: ConnectionOptions) => {
      const client = await connect(cli, options);
      for (const runId of runIds) await ask(client, runId);
      const states: RunState[] = [];
      for (const runId of runIds) states.push(await client.getRunStatus(runId));
      writeStates(cli.terminal, states, options);
    });
}
