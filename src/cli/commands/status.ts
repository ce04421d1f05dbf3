import type { Command } from 'commander';
import type { RunState } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { colourOfState } from '../client/run-display.ts';
import { writeJson } from '../terminal.ts';
import { writeTable } from '../write-table.ts';

export function statusCommand(cli: Cli): Command {
  return clientCommand('status', 'show the states of runs')
    .argument('<run-id...>', 'ids of runs')
    .action(async (runIds: readonly string[], options: ConnectionOptions) => {
      const client = await connect(cli, options);
      const states: RunState[] = [];
      for (const runId of runIds) states.push(await client.getRunStatus(runId));
      if (options.json === true) {
        const documents = states.map(({ run_id, state }) => ({ run_id, state }));
        writeJson(cli.terminal, documents);
        return;
      }
      writeTable(cli.terminal.stdout, states, [
        { title: 'RUN', value: (run) => run.run_id },
        { title: 'STATE', value: (run) => run.state, colour: (run) => colourOfState(run.state) },
      ]);
    });
}
