import { stat } from 'node:fs/promises';
import { afterEach, expect } from 'vitest';
import type {
  Engine,
  EngineInstallation,
  Outcome,
  TaskEnded,
  TaskEvent,
  TaskStarted,
} from '../../src/engines/engine.ts';
import type { JsonObject } from '../../src/runs/json.ts';
import { startEngineRun, type EngineRun, type RunSetup } from './engine-run.ts';

export interface EndedRun extends EngineRun {
  readonly outcome: Outcome;
  readonly seen: readonly TaskEvent[];
}

/** Runs of one installation, removed after each test. */
export interface EngineRuns {
  start(setup: RunSetup): Promise<EngineRun>;
  toEnd(setup: RunSetup): Promise<EndedRun>;
  /** The output object of a run that is to end well. */
  outputsOf(setup: RunSetup): Promise<JsonObject>;
  /** Expects that the run ends as the workflow's fault, with such a reason. */
  refused(setup: RunSetup, message: string | RegExp): Promise<EndedRun>;
}

export function engineRuns(engine: Engine, installation: EngineInstallation): EngineRuns {
  const runs: EngineRun[] = [];
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.remove();
  });
  const start = async (setup: RunSetup): Promise<EngineRun> => {
    engine.checkRequest(setup.request, { allowedFileRoots: setup.allowedFileRoots ?? [] });
    const run = await startEngineRun(engine, installation, setup);
    runs.push(run);
    return run;
  };
  const toEnd = async (setup: RunSetup): Promise<EndedRun> => {
    const run = await start(setup);
    const outcome = await engine.classify(await run.exited, run.directory);
    return { ...run, outcome, seen: await run.events() };
  };
  return {
    start,
    toEnd,
    outputsOf: async (setup) => {
      const { outcome, directory } = await toEnd(setup);
      expect(outcome).toMatchObject({ state: 'COMPLETE' });
      const { object, files } = await engine.outputs(directory);
      for (const { source } of files) await stat(source);
      return object;
    },
    refused: async (setup, message) => {
      const run = await toEnd(setup);
      expect(run.outcome.state).toBe('EXECUTOR_ERROR');
      expect(run.outcome.reason).toMatch(message);
      expect(run.outcome.reason).not.toContain(run.directory.root);
      expect(run.outcome.reason).not.toMatch(/Traceback|site-packages|dist-packages/);
      return run;
    },
  };
}

export function startsOf(events: readonly TaskEvent[]): readonly TaskStarted[] {
  return events.filter((event) => event.type === 'started');
}

export function endsOf(events: readonly TaskEvent[]): readonly TaskEnded[] {
  return events.filter((event) => event.type === 'ended');
}

export function namesOf(events: readonly TaskEvent[]): readonly string[] {
  return startsOf(events).map(({ name }) => name);
}

export function exitCodesOf(events: readonly TaskEvent[]): readonly (number | undefined)[] {
  return endsOf(events).map(({ exitCode }) => exitCode);
}

/** The same run with other `workflow_engine_parameters`. */
export function withParameters(
  setup: RunSetup,
  workflowEngineParameters: Readonly<Record<string, string>>,
): RunSetup {
  return { ...setup, request: { ...setup.request, workflowEngineParameters } };
}
