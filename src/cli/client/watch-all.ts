import type { WesClient } from '../../wes/client.ts';
import type { RunEvent } from '../../wes/reading-events.ts';
import type { Cli } from '../cli.ts';
import { UsageError } from '../exit-codes.ts';
import { plainText, writeLine } from '../terminal.ts';
import { taskLine, timeOfDay } from './progress.ts';

/** Prints a line for all that happens to any run, until it is interrupted; with `json` an object on each. */
export async function watchAll(
  { terminal, signal }: Cli,
  client: WesClient,
  { json = false }: { readonly json?: boolean },
): Promise<void> {
  const onSilence = (error: unknown): void => {
    const problem = error instanceof Error ? error.message : String(error);
    writeLine(terminal.stderr, `${plainText(problem)}; connecting again`);
  };
  const events = await client.events(undefined, { signal, onSilence });
  if (events === undefined) {
    throw new UsageError('This server does not tell of all runs: say which run is to be watched');
  }
  for await (const event of events) {
    if (json) writeLine(terminal.stdout, JSON.stringify(event));
    else writeLine(terminal.stdout, `${timeOfDay(Date.now())} ${plainText(lineOf(event))}`);
  }
}

function lineOf(event: RunEvent): string {
  if (event.type === 'task') return `run ${event.runId} ${taskLine(event.task)}`;
  if (event.type === 'end') return `run ${event.runId} ended`;
  const { runId, from, to, reason } = event;
  return from === to ? `run ${runId} ${reason}` : `run ${runId} ${to}: ${reason}`;
}
