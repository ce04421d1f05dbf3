import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Engine, EngineInstallation, Outcome, TaskEvent } from '../../src/engines/engine.ts';
import { startEngineRun, type RunSetup } from './engine-run.ts';
import { startWarmServer, type WarmServer } from './warm-server.ts';

/** What a run that used a cache came to; nothing of it is there any more. */
export interface CachedRun {
  readonly outcome: Outcome;
  /** Path of each output file → its content. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of the tasks whose results were taken from the cache, and of those that ran. */
  readonly taken: readonly string[];
  readonly ran: readonly string[];
}

/** Runs of one test of a suite, which have a warm server and a cache together. */
export interface CachedRuns {
  /** A path in the directory of the test; the cache is `cache` in it. */
  pathOf(name?: string): string;
  run(setup: RunSetup): Promise<CachedRun>;
  /** The same for a run that has to end well. */
  completed(setup: RunSetup): Promise<CachedRun>;
}

/** To be called in a suite: each of its tests has a directory, and so a cache, of its own. */
export function useCachedRuns(engine: Engine, installation: EngineInstallation): CachedRuns {
  let server: WarmServer;
  beforeAll(async () => {
    server = await startWarmServer(engine, installation);
  });
  afterAll(() => server.stop());

  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), `wes-${engine.name}-cache-`));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const pathOf = (name = ''): string => join(directory, name);
  const run = (setup: RunSetup): Promise<CachedRun> =>
    runWithCache(engine, installation, pathOf('cache'), { ...setup, warmServer: server.address });
  const completed = async (setup: RunSetup): Promise<CachedRun> => {
    const result = await run(setup);
    expect(result.outcome.state, result.outcome.reason).toBe('COMPLETE');
    return result;
  };
  return { pathOf, run, completed };
}

/** Runs a workflow to its end with a cache. */
async function runWithCache(
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
