import { access, appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  Engine,
  EngineInstallation,
  TaskEvent,
  TaskStarted,
} from '../../src/engines/engine.ts';
import { RUN_MARKER } from '../../src/runs/command.ts';
import { isJsonObject, type JsonValue } from '../../src/runs/json.ts';
import type { RunRequest } from '../../src/runs/run.ts';
import { OUTPUT_REFERENCE } from '../../src/runs/run.ts';
import {
  isAnythingAlive,
  signalGroup,
  startEngineRun,
  type EngineRun,
  type RunSetup,
} from '../support/engine-run.ts';
import { until } from '../support/until.ts';
import { createTestValidation } from '../support/validation.ts';

/** What the suite needs of an engine: its installation and workflows in its language. */
export interface EngineSamples {
  readonly installation: EngineInstallation;
  /** Ends well with at least two tasks; some output is a File. */
  readonly succeeding: RunSetup;
  /**
   * Three tasks of which each waits for the one before; the third ends with `exitCode` after writing
   * `message` to stderr. `task` is its name.
   */
  readonly failing: RunSetup & {
    readonly task: string;
    readonly exitCode: number;
    readonly message: string;
  };
  /** The engine refuses it before any task; its reason contains `message`. */
  readonly invalid: RunSetup & { readonly message: string };
  /** Lacks an input, or a file that an input names; the reason contains `message`, which names it. */
  readonly missingInput: RunSetup & { readonly message: string };
  /** Has a task that goes on for a minute and prints a line every 0.2 s. */
  readonly long: RunSetup;
  /** Has a task that starts processes which start processes, all of which go on for a minute. */
  readonly family: RunSetup;
  /** Takes a file and makes one of it, both with a name like ODD_NAME; `output` is the path of the second. */
  readonly oddNames: RunSetup & { readonly output: string; readonly content: string };
  /** One task prints so many bytes to its stdout. */
  readonly loud: RunSetup & { readonly bytes: number };
  /** So many tasks that wait for nothing, each with an id of its own. */
  readonly scatter: RunSetup & { readonly count: number };
  /** Requests that reach outside the run. */
  readonly escaping: readonly RunRequest[];
  /** How long the engine may take to end on its stop signal; two seconds by default. */
  readonly stopSeconds?: number;
  /** How long any of the runs may take here, all tests of the suite; half a minute by default. */
  readonly runSeconds?: number;
  /** False for an engine that can't take results from an earlier run; true by default. */
  readonly takesResults?: boolean;
}

/** Long enough for a program to be there, too short for an engine to be ready. */
const EARLY_MILLISECONDS = 60;

/** Spaces, quotes, accents, a character beyond the basic plane: what people call their files. */
export const ODD_NAME = "Größe & 'so' weiter 🧬.txt";

/** What every engine promises, shown with real runs; with `warmServer`, by its address. */
export function engineConformance(
  engine: Engine,
  samples: EngineSamples,
  warmServer?: () => string,
): void {
  const { stopSeconds = 2, runSeconds = 30 } = samples;
  const timeout = runSeconds * 1000;
  const runs: EngineRun[] = [];
  const start = async (setup: RunSetup): Promise<EngineRun> => {
    const warm = warmServer && { warmServer: warmServer() };
    const run = await startEngineRun(engine, samples.installation, { ...setup, ...warm });
    runs.push(run);
    return run;
  };
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.remove();
  });

  const taskNamed = async (run: EngineRun): Promise<TaskStarted> => {
    const isStart = (event: TaskEvent): event is TaskStarted => event.type === 'started';
    await until(async () => (await run.events()).some(isStart), { timeoutMs: timeout });
    const first = (await run.events()).find(isStart);
    if (first === undefined) throw new Error('no task was started');
    return first;
  };
  const complete = async (setup: RunSetup): Promise<EngineRun> => {
    const run = await start(setup);
    const outcome = await engine.classify(await run.exited, run.directory);
    expect(outcome, outcome.reason).toMatchObject({ state: 'COMPLETE' });
    return run;
  };

  describe(`engine ${engine.name}`, { timeout: 2 * timeout }, () => {
    test('gives every parameter a default of its own type', () => {
      for (const { type, defaultValue, values, description } of engine.parameters) {
        if (type === 'boolean') expect(['true', 'false']).toContain(defaultValue);
        if (type === 'integer') expect(defaultValue).toMatch(/^\d+$/);
        if (type === 'enum') expect(values).toContain(defaultValue);
        expect(description).not.toBe('');
      }
    });

    test('refuses what reaches outside the run', () => {
      for (const request of samples.escaping) {
        expect(() => engine.checkRequest(request, { allowedFileRoots: [] })).toThrow(
          expect.objectContaining({ code: 'invalid_request' }),
        );
      }
    });

    test('accepts its own samples', () => {
      const { succeeding, failing, long, family, oddNames, loud, scatter } = samples;
      for (const { request } of [succeeding, failing, long, family, oddNames, loud, scatter]) {
        expect(() => engine.checkRequest(request, { allowedFileRoots: [] })).not.toThrow();
      }
    });

    if (engine.validation) {
      test('its validation tells what a run would tell first', async () => {
        const { installation, succeeding, failing, invalid, missingInput } = samples;
        const address = warmServer && { warmServer: warmServer() };
        const timeoutSeconds = runSeconds;
        const own = { installations: [installation], timeoutSeconds, ...address };
        const validation = await createTestValidation(engine, own);
        try {
          for (const setup of [succeeding, failing]) {
            expect(await validation.validate(setup)).toEqual({ kind: 'valid' });
          }
          for (const setup of [invalid, missingInput]) {
            const verdict = await validation.validate(setup);
            expect(verdict).toMatchObject({ kind: 'invalid' });
            expect(JSON.stringify(verdict)).toContain(setup.message);
          }
        } finally {
          await validation.close();
        }
      });
    }

    test('a run that ends well is COMPLETE with its tasks and outputs', async () => {
      const run = await start(samples.succeeding);
      const exitCode = await run.exited;
      expect(await engine.classify(exitCode, run.directory)).toMatchObject({ state: 'COMPLETE' });

      const { object, files } = await engine.outputs(run.directory);
      expect(files.length).toBeGreaterThan(0);
      for (const { source } of files) await access(source);
      const referenced = strings(object).filter((text) => text.startsWith(OUTPUT_REFERENCE));
      const paths = files.map(({ path }) => `${OUTPUT_REFERENCE}${path}`);
      expect(referenced).toEqual(expect.arrayContaining(paths));
      expect(JSON.stringify(object)).not.toContain(run.directory.root);
    });

    test('every task of an ended run has started before it ended', async () => {
      const run = await start(samples.succeeding);
      await run.exited;
      const events = await run.events();
      const started = events.filter(({ type }) => type === 'started').map(({ taskId }) => taskId);
      expect(started.length).toBeGreaterThan(1);
      expect(new Set(started).size).toBe(started.length);
      for (const taskId of started) {
        const [first, second, ...rest] = events.filter((event) => event.taskId === taskId);
        expect([first?.type, second?.type, rest]).toEqual(['started', 'ended', []]);
        expect(second?.at).toBeGreaterThanOrEqual(first?.at ?? Infinity);
        expect(taskId).toMatch(/^[\w.-]+$/);
      }
    });

    test('events are read on from where the reader stopped, whole lines only', async () => {
      const run = await start(samples.succeeding);
      await run.exited;
      const whole = await engine.tasks(run.directory, 0);
      expect(await engine.tasks(run.directory, whole.cursor)).toEqual({
        events: [],
        cursor: whole.cursor,
      });
      await appendFile(run.directory.events, '{"event":"task_sta');
      expect((await engine.tasks(run.directory, whole.cursor)).cursor).toBe(whole.cursor);
    });

    test('a run that has not begun has no tasks', async () => {
      const run = await start(samples.succeeding);
      const elsewhere = { ...run.directory, events: join(run.directory.root, 'none', 'events') };
      expect(await engine.tasks(elsewhere, 0)).toEqual({ events: [], cursor: 0 });
    });

    test('a failure in the third task names it, with its exit code and the end of its stderr', async () => {
      const run = await start(samples.failing);
      const outcome = await engine.classify(await run.exited, run.directory);
      const { exitCode, message, task } = samples.failing;
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain(message);
      expect(outcome.reason).toContain(`Task '${task}' failed with exit code ${exitCode}`);
      expect(outcome.reason).not.toContain(run.directory.root);
      const events = await run.events();
      const starts = events.filter((event) => event.type === 'started');
      const ends = events.filter((event) => event.type === 'ended');
      expect(ends.map((end) => end.exitCode)).toEqual([0, 0, exitCode]);
      expect(starts[2]?.name).toBe(task);
      expect(starts[2]?.command.join(' ')).toContain(`exit ${exitCode}`);
      expect(await readFile(starts[2]?.stderrPath ?? '', 'utf8')).toContain(message);
    });

    test('a workflow that the engine refuses is an EXECUTOR_ERROR with its words', async () => {
      const run = await start(samples.invalid);
      const outcome = await engine.classify(await run.exited, run.directory);
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain(samples.invalid.message);
      expect(outcome.reason).not.toContain(run.directory.root);
    });

    test('an input that is missing is named', async () => {
      const run = await start(samples.missingInput);
      const outcome = await engine.classify(await run.exited, run.directory);
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain(samples.missingInput.message);
      expect(outcome.reason).not.toContain(run.directory.root);
    });

    test('names with spaces, quotes and accents go in and come out', async () => {
      const run = await complete(samples.oddNames);
      const { files } = await engine.outputs(run.directory);
      const file = files.find(({ path }) => path === samples.oddNames.output);
      expect(files.map(({ path }) => path)).toContain(samples.oddNames.output);
      expect(await readFile(file?.source ?? '', 'utf8')).toBe(samples.oddNames.content);
    });

    test('a task may print many megabytes', async () => {
      const run = await complete(samples.loud);
      const { stdoutPath = '' } = await taskNamed(run);
      expect((await stat(stdoutPath)).size).toBe(samples.loud.bytes);
    });

    test('hundreds of tasks without order are all told, each with an id of its own', async () => {
      const run = await complete(samples.scatter);
      const events = await run.events();
      for (const type of ['started', 'ended'] as const) {
        const ids = events.filter((event) => event.type === type).map(({ taskId }) => taskId);
        expect(ids.length).toBe(samples.scatter.count);
        expect(new Set(ids).size).toBe(samples.scatter.count);
      }
      expect((await engine.tasks(run.directory, 0)).events).toEqual(events);
    });

    if (samples.takesResults !== false) {
      describe('with a cache', () => {
        let cacheDirectory: string;
        beforeEach(async () => {
          cacheDirectory = await mkdtemp(join(tmpdir(), 'wes engine cache-'));
        });
        afterEach(() => rm(cacheDirectory, { recursive: true, force: true }));

        const startsOf = async (run: EngineRun): Promise<readonly TaskStarted[]> =>
          (await run.events()).filter((event) => event.type === 'started');
        const isTaken = ({ notes }: TaskStarted): boolean =>
          notes.includes('results of an earlier execution');

        test('a second run takes the results of the first', async () => {
          const first = await complete({ ...samples.succeeding, cacheDirectory });
          const pathsOf = async ({ directory }: EngineRun): Promise<readonly string[]> =>
            (await engine.outputs(directory)).files.map(({ path }) => path).toSorted();
          const paths = await pathsOf(first);
          const names = (await startsOf(first)).map(({ name }) => name).toSorted();
          // As when the first run is over: nothing of it is there any more.
          await first.remove();
          const second = await complete({ ...samples.succeeding, cacheDirectory });
          expect(await pathsOf(second)).toEqual(paths);
          const { files } = await engine.outputs(second.directory);
          for (const { source } of files) await access(source);
          const starts = await startsOf(second);
          expect(starts.length).toBeGreaterThan(1);
          expect(starts.every(isTaken)).toBe(true);
          expect(starts.map(({ name }) => name).toSorted()).toEqual(names);
        });

        test('a run after one that failed takes what was done, and runs the rest', async () => {
          const first = await start({ ...samples.failing, cacheDirectory });
          await first.exited;
          await first.remove();
          const run = await start({ ...samples.failing, cacheDirectory });
          const outcome = await engine.classify(await run.exited, run.directory);
          expect(outcome.state).toBe('EXECUTOR_ERROR');
          expect(outcome.reason).toContain(samples.failing.message);
          expect((await startsOf(run)).map(isTaken)).toEqual([true, true, false]);
        });
      });
    }

    test('a task is seen while it runs, with its command and growing output', async () => {
      const run = await start(samples.long);
      const { command, stdoutPath = '' } = await taskNamed(run);
      expect(command.length).toBeGreaterThan(0);
      const size = async (): Promise<number> =>
        await stat(stdoutPath).then(
          (found) => found.size,
          () => 0,
        );
      await until(async () => (await size()) > 0, { timeoutMs: 10_000 });
      const before = await size();
      await until(async () => (await size()) > before, { timeoutMs: 10_000 });
    });

    test('its stop signal ends it and all that its tasks started', async () => {
      const run = await start(samples.family);
      await taskNamed(run);
      const at = performance.now();
      signalGroup(run.process, run.command.stopSignal);
      expect(await run.exited).not.toBe(0);
      expect(performance.now() - at).toBeLessThan(stopSeconds * 1000);
      await until(async () => !(await isAnythingAlive(run)), { timeoutMs: stopSeconds * 1000 });
    });

    test('its stop signal ends it before its first task', async () => {
      const run = await start(samples.long);
      await delay(EARLY_MILLISECONDS);
      signalGroup(run.process, run.command.stopSignal);
      expect(await run.exited).not.toBe(0);
      await until(async () => !(await isAnythingAlive(run)), { timeoutMs: stopSeconds * 1000 });
      const { state } = await engine.classify(143, run.directory);
      expect(state).not.toBe('COMPLETE');
    });

    test('an engine that was killed is a SYSTEM_ERROR', async () => {
      const run = await start(samples.long);
      await taskNamed(run);
      signalGroup(run.process, 'SIGKILL');
      const outcome = await engine.classify(await run.exited, run.directory);
      expect(outcome.state).toBe('SYSTEM_ERROR');
    });

    test('the engine works in a home, a temporary and a working directory of its own', async () => {
      const run = await start(samples.succeeding);
      const { argv, environment, workingDirectory } = run.command;
      expect(argv.length).toBeGreaterThan(0);
      expect(workingDirectory).toBe(run.directory.execution);
      expect(environment).toMatchObject({ HOME: run.directory.home, [RUN_MARKER]: run.runId });
      expect(environment['TMPDIR']).toBe(run.directory.temporary);
      expect(environment['PATH']).toContain('/bin');
    });
  });
}

function strings(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(strings);
  return isJsonObject(value) ? Object.values<JsonValue>(value).flatMap(strings) : [];
}
