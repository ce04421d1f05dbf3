import type { Command } from 'commander';
import type { WesClient } from '../../wes/client.ts';
import type { RunState } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { followRun } from '../client/follow-run.ts';
import { colourOfState } from '../client/run-display.ts';
import { EXIT } from '../exit-codes.ts';
import { writeJson } from '../terminal.ts';
import { writeTable } from '../write-table.ts';

interface CancelOptions extends ConnectionOptions {
  readonly wait?: boolean;
}

export function cancelCommand(cli: Cli): Command {
  return clientCommand('cancel', 'stop runs')
    .argument('<run-id...>', 'ids of runs')
    .option('--wait', 'wait until nothing of them is left running')
    .action(async (runIds: readonly string[], options: CancelOptions) => {
      const client = await connect(cli, options);
      // All of them first: the waiting for one must not keep the next one running.
      for (const runId of runIds) await client.cancelRun(runId);
      const states: RunState[] = [];
      for (const runId of runIds) states.push(await stateOf(cli, client, runId, options));
      report(cli, states, options);
      const stuck = states.some((run) => run.state === 'SYSTEM_ERROR');
      if (options.wait === true && stuck) cli.finish(EXIT.failed);
    });
}

async function stateOf(
  cli: Cli,
  client: WesClient,
  runId: string,
  options: CancelOptions,
): Promise<RunState> {
  if (options.wait !== true) return await client.getRunStatus(runId);
  let last: RunState | undefined;
  const follow = followRun(client, runId, { signal: cli.signal, withTasks: false });
  for await (const { run } of follow) last = run;
  return last ?? (await client.getRunStatus(runId));
}

function report(cli: Cli, states: readonly RunState[], options: CancelOptions): void {
  if (options.json === true) {
    const documents = states.map(({ run_id, state }) => ({ run_id, state }));
    writeJson(cli.terminal, documents);
    return;
  }
  writeTable(cli.terminal.stdout, states, [
    { title: 'RUN', value: (run) => run.run_id },
    { title: 'STATE', value: (run) => run.state, colour: (run) => colourOfState(run.state) },
  ]);
}
