import type { Command } from 'commander';
import type { WesClient } from '../../wes/client.ts';
import type { RunState } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { followRun } from '../client/follow-run.ts';
import { writeStates } from '../client/write-states.ts';
import { EXIT } from '../exit-codes.ts';

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
      const states: Pick<RunState, 'run_id' | 'state'>[] = [];
      for (const runId of runIds) states.push(await stateOf(cli, client, runId, options));
      writeStates(cli.terminal, states, options);
      const stuck = states.some((run) => run.state === 'SYSTEM_ERROR');
      if (options.wait === true && stuck) cli.finish(EXIT.failed);
    });
}

async function stateOf(
  cli: Cli,
  client: WesClient,
  runId: string,
  options: CancelOptions,
): Promise<Pick<RunState, 'run_id' | 'state'>> {
  if (options.wait !== true) return await client.getRunStatus(runId);
  let last: Pick<RunState, 'run_id' | 'state'> | undefined;
  const follow = followRun(client, runId, { signal: cli.signal, withTasks: false });
  for await (const { run } of follow) last = run;
  return last ?? (await client.getRunStatus(runId));
}
