import { access, appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Engine, EngineInstallation } from '../../src/engines/engine.ts';
import { RUN_MARKER } from '../../src/runs/command.ts';
import { isJsonObject, type JsonValue } from '../../src/runs/json.ts';
import type { RunRequest } from '../../src/runs/run.ts';
import { OUTPUT_REFERENCE } from '../../src/runs/run.ts';
import {
  signalGroup,
  startEngineRun,
  type EngineRun,
  type RunSetup,
} from '../support/engine-run.ts';
import { until } from '../support/until.ts';

/** What the suite needs of an engine: its installation and workflows in its language. */
export interface EngineSamples {
  readonly installation: EngineInstallation;
  /** Ends well with at least two tasks; some output is a File. */
  readonly succeeding: RunSetup;
  /** A task ends with `exitCode` after writing `message` to stderr. */
  readonly failing: RunSetup & { readonly exitCode: number; readonly message: string };
  /** The engine refuses it before any task; its reason contains `message`. */
  readonly invalid: RunSetup & { readonly message: string };
  /** Has a task that goes on for a minute. */
  readonly long: RunSetup;
  /** Requests that reach outside the run. */
  readonly escaping: readonly RunRequest[];
}

/** What every engine promises, shown with real runs; with `warmServer`, by its address. */
export function engineConformance(
  engine: Engine,
  samples: EngineSamples,
  warmServer?: () => string,
): void {
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

  describe(`engine ${engine.name}`, () => {
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
      for (const { request } of [samples.succeeding, samples.failing, samples.long]) {
        expect(() => engine.checkRequest(request, { allowedFileRoots: [] })).not.toThrow();
      }
    });

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

    test('a failing task makes an EXECUTOR_ERROR that quotes it', async () => {
      const run = await start(samples.failing);
      const outcome = await engine.classify(await run.exited, run.directory);
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain(samples.failing.message);
      expect(outcome.reason).toContain(String(samples.failing.exitCode));
      const ended = (await run.events()).filter((event) => event.type === 'ended');
      expect(ended).toContainEqual(expect.objectContaining({ exitCode: samples.failing.exitCode }));
    });

    test('a workflow that the engine refuses is an EXECUTOR_ERROR with its words', async () => {
      const run = await start(samples.invalid);
      const outcome = await engine.classify(await run.exited, run.directory);
      expect(outcome.state).toBe('EXECUTOR_ERROR');
      expect(outcome.reason).toContain(samples.invalid.message);
      expect(outcome.reason).not.toContain(run.directory.root);
    });

    test('a task is seen while it runs, with its command and growing output', async () => {
      const run = await start(samples.long);
      await until(async () => (await run.events()).length > 0, { timeoutMs: 20_000 });
      const [event] = await run.events();
      if (event?.type !== 'started') throw new Error('the first event is not a start');
      expect(event.command.length).toBeGreaterThan(0);
      const { stdoutPath = '' } = event;
      await until(async () => (await readFile(stdoutPath)).length > 0, { timeoutMs: 10_000 });
      const before = (await readFile(stdoutPath)).length;
      await until(async () => (await readFile(stdoutPath)).length > before, { timeoutMs: 10_000 });
    });

    test('its stop signal ends it within two seconds', async () => {
      const run = await start(samples.long);
      await until(async () => (await run.events()).length > 0, { timeoutMs: 20_000 });
      const at = performance.now();
      signalGroup(run.process, run.command.stopSignal);
      expect(await run.exited).not.toBe(0);
      expect(performance.now() - at).toBeLessThan(2000);
    });

    test('an engine that was killed is a SYSTEM_ERROR', async () => {
      const run = await start(samples.long);
      await until(async () => (await run.events()).length > 0, { timeoutMs: 20_000 });
      signalGroup(run.process, 'SIGKILL');
      const outcome = await engine.classify(await run.exited, run.directory);
      expect(outcome.state).toBe('SYSTEM_ERROR');
    });

    test('the engine works in a home, a temporary and a working directory of its own', async () => {
      const run = await start(samples.succeeding);
      const { argv, environment, workingDirectory } = run.command;
      expect(argv.length).toBeGreaterThan(0);
      expect(workingDirectory).toBe(run.directory.execution);
      expect(environment).toMatchObject({ HOME: run.directory.home, [RUN_MARKER]: 'run' });
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
