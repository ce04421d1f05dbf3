import type { Logger } from 'pino';
import type { InstalledEngine } from '../engines/detect.ts';
import type { Engine, EngineInstallation } from '../engines/engine.ts';
import type { JobContext } from '../executors/executor.ts';
import type { Run } from '../runs/run.ts';
import { runDirectory, type RunDirectory } from '../runs/run-directory.ts';
import { ActiveRun } from './active-run.ts';
import type { DaemonParts } from './daemon-deps.ts';
import { RunFailure } from './interruption.ts';
import type { Presence } from './presence.ts';

/** What the steps of one run's execution share. */
export interface RunContext {
  readonly parts: DaemonParts;
  readonly presence: Presence;
  readonly active: ActiveRun;
  readonly run: Run;
  readonly engine: Engine;
  readonly installation: EngineInstallation;
  readonly directory: RunDirectory;
  readonly logger: Logger;
  /** Monotonic time at which this daemon began with the run. */
  readonly begunAt: number;
}

/** @throws RunFailure when the engine is not installed here */
export function createRunContext(parts: DaemonParts, presence: Presence, run: Run): RunContext {
  const { engine, installation } = chooseInstallation(parts.engines, run);
  const logger = parts.logger.child({
    run_id: run.runId,
    attempt: run.attempt,
    engine: run.engine,
    executor: parts.executor.name,
    daemon_id: presence.daemonId,
  });
  return {
    parts,
    presence,
    active: new ActiveRun(run, presence),
    run,
    engine,
    installation,
    directory: runDirectory(parts.settings.workRoot, run.runId, run.attempt),
    logger,
    begunAt: parts.monotonicNow(),
  };
}

/** True when this daemon has what the run was claimed for. */
export function canExecute(parts: DaemonParts, run: Run): boolean {
  const hasEngine = parts.engines.some(({ engine }) => engine.name === run.engine);
  return hasEngine && (run.executor ?? parts.executor.name) === parts.executor.name;
}

export function jobContext({ run, directory, parts }: RunContext): JobContext {
  const { runId, attempt } = run;
  const limits = parts.settings.jobLimits;
  return {
    runId,
    attempt,
    directory: directory.job,
    runRoot: directory.root,
    ...(limits && { limits }),
  };
}

function chooseInstallation(
  engines: readonly InstalledEngine[],
  { engine: name, engineVersion, request }: Run,
): { engine: Engine; installation: EngineInstallation } {
  const installed = engines.find(({ engine }) => engine.name === name);
  // A run that was started stays with its version, as far as reading its files goes.
  const wanted = request.workflowEngineVersion ?? engineVersion;
  const { workflowType: type, workflowTypeVersion: typeVersion } = request;
  const installation =
    installed?.installations.find(({ version }) => version === wanted) ??
    installed?.installations.find(
      (one) => installed.engine.speaks?.(one, type, typeVersion) ?? true,
    ) ??
    installed?.installations[0];
  if (!installed || !installation) {
    throw new RunFailure(`The engine ${name} is not installed where the run was to be executed.`);
  }
  return { engine: installed.engine, installation };
}
