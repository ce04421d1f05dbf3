import type { WesClient } from '../../wes/client.ts';
import type { Cli } from '../cli.ts';
import { InterruptedError } from '../exit-codes.ts';
import { plainText, writeJson, writeLine } from '../terminal.ts';
import { followRun } from './follow-run.ts';
import { createProgressView } from './progress.ts';
import { exitCodeOfRun, reportEnding } from './run-report.ts';
import type { TaskLog } from '../../wes/run-log.ts';
import type { RunRecord } from '../../wes/reading.ts';

/**
 * Shows a run until it ends, then its outputs or its failure, and sets the exit status by how it
 * ended. With `json` the progress goes to standard error and the run's log, whole, to standard output.
 */
export async function waitForRun(
  cli: Cli,
  client: WesClient,
  runId: string,
  options: { readonly json?: boolean | undefined },
): Promise<RunRecord> {
  const { terminal, signal } = cli;
  const stream = options.json === true ? terminal.stderr : terminal.stdout;
  const view = createProgressView(stream);
  const onSilence = (error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    writeLine(terminal.stderr, `${plainText(problem)}; asking again`);
  };
  let tasks: readonly TaskLog[] = [];
  try {
    for await (const snapshot of followRun(client, runId, { signal, onSilence })) {
      view.show(snapshot);
      tasks = snapshot.tasks;
    }
  } catch (error) {
    if (signal.reason instanceof InterruptedError) {
      const hint = `wes watch ${runId}, or stop it with: wes cancel ${runId}`;
      writeLine(terminal.stderr, `The run goes on. Come back to it with: ${hint}`);
    }
    throw error;
  }
  const run = await client.getRunLog(runId);
  if (options.json === true) writeJson(terminal, run);
  else await reportEnding(client, run, tasks, terminal.stdout);
  cli.finish(exitCodeOfRun(run));
  return run;
}
