import { readFile } from 'node:fs/promises';
import type { Engine, EngineInstallation, Outcome, TaskEvent } from '../../src/engines/engine.ts';
import { startEngineRun, type RunSetup } from './engine-run.ts';

/** What a run that used a cache came to; nothing of it is there any more. */
export interface CachedRun {
  readonly outcome: Outcome;
  /** Path of each output file → its content. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of the tasks whose results were taken from the cache, and of those that ran. */
  readonly taken: readonly string[];
  readonly ran: readonly string[];
}

/** Runs a workflow to its end with a cache. */
export async function runWithCache(
  engine: Engine,
  installation: EngineInstallation,
  cacheDirectory: string,
  setup: RunSetup,
): Promise<CachedRun> {
  const run = await startEngineRun(engine, installation, { ...setup, cacheDirectory });
  try {
    const outcome = await engine.classify(await run.exited, run.directory);
    const tasks = startedTasks(await run.events());
    const outputs: Record<string, string> = {};
    if (outcome.state === 'COMPLETE') {
      for (const { path, source } of (await engine.outputs(run.directory)).files) {
        outputs[path] = await readFile(source, 'utf8');
      }
    }
    return { outcome, outputs, ...tasks };
  } finally {
    await run.remove();
  }
}

function startedTasks(events: readonly TaskEvent[]): Pick<CachedRun, 'taken' | 'ran'> {
  const starts = events.filter((event) => event.type === 'started');
  const isTaken = ({ notes }: TaskEvent) => notes.includes('results of an earlier execution');
  const names = (isWanted: (event: TaskEvent) => boolean) =>
    starts
      .filter(isWanted)
      .map(({ name }) => name)
      .toSorted();
  return { taken: names(isTaken), ran: names((event) => !isTaken(event)) };
}
