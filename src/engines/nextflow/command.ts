import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Command } from '../../runs/command.ts';
import { startedContainers } from '../driven/containers.ts';
import { runEnvironment } from '../driven/environment.ts';
import { findWorkflow } from '../driven/workflow-place.ts';
import type { EngineContext } from '../engine.ts';
import { isCompiledObserver, observerPlace, privateDirectory } from './jars.ts';
import { errorStrategyOf, parameterOptions, revisionOf } from './parameters.ts';
import type { Plan, PlannedWorkflow } from './plan.ts';
import { QUIET_ENVIRONMENT } from './start.ts';

/** The program beside this file, or what it was compiled to: it starts Nextflow and writes the events. */
const DRIVER = join(import.meta.dirname, 'driver', `main${extname(import.meta.filename)}`);

export function nextflowCommand(context: EngineContext): Command {
  const { directory, request } = context;
  const plan = planOf(context);
  const path = join(directory.root, 'nextflow-plan.json');
  return {
    argv: [process.execPath, DRIVER, path],
    workingDirectory: directory.execution,
    environment: {
      ...runEnvironment(context),
      ...QUIET_ENVIRONMENT,
      ...pluginEnvironment(context),
      // What lies here needs nothing from elsewhere; a repository has to be fetched.
      ...(plan.workflow.kind === 'local' && { NXF_OFFLINE: 'true' }),
      WES_EVENTS: directory.events,
    },
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: [
      { path, content: JSON.stringify(plan) },
      { path: directory.inputs, content: JSON.stringify(request.workflowParams ?? {}) },
    ],
    stopSignal: 'SIGTERM',
    ...startedContainers(context),
  };
}

function planOf(context: EngineContext): Plan {
  const { runId, directory, request, installation, containers, cacheDirectory } = context;
  const observer = compiledObserver(installation.launcher);
  const errorStrategy = errorStrategyOf(request);
  return {
    runId,
    directory,
    launcher: installation.launcher,
    ...(observer !== undefined && { observer }),
    workflow: plannedWorkflow(context),
    options: parameterOptions(request),
    ...(errorStrategy !== undefined && { errorStrategy }),
    parameterNames: Object.keys(request.workflowParams ?? {}),
    cores: Math.max(1, Math.floor(context.cores)),
    ...(containers !== undefined && { containers }),
    ...containerLabel(context),
    ...(cacheDirectory !== undefined && { cacheDirectory }),
    allowedFileRoots: context.allowedFileRoots,
  };
}

function containerLabel(context: EngineContext): Pick<Plan, 'containerLabel'> {
  const { containers } = startedContainers(context);
  return containers === undefined ? {} : { containerLabel: containers.label };
}

function compiledObserver(launcher: readonly string[]): string | undefined {
  const directory = privateDirectory(launcher);
  const place = directory === undefined ? undefined : observerPlace(directory);
  return place !== undefined && isCompiledObserver(place) ? place : undefined;
}

function plannedWorkflow(context: EngineContext): PlannedWorkflow {
  const place = findWorkflow(context);
  const revision = revisionOf(context.request);
  const repository = (address: string): PlannedWorkflow => ({
    kind: 'repository',
    address,
    ...(revision !== undefined && { revision }),
  });
  if (place.kind === 'remote') return repository(place.url);
  return place.path.endsWith('.git')
    ? repository(`file:${place.path}`)
    : { kind: 'local', path: place.path };
}

/**
 * Plugins are used that the operator put beside the jars or has in the home of the program; without any,
 * Nextflow is told not to look for its usual ones.
 */
function pluginEnvironment({ installation }: EngineContext): Record<string, string> {
  const directory = privateDirectory(installation.launcher);
  const ofProgram = installation.launcher.find((word) => word.startsWith('NXF_PLUGINS_DIR='));
  const plugins =
    directory === undefined
      ? ofProgram?.slice(ofProgram.indexOf('=') + 1)
      : join(directory, 'plugins');
  const hasPlugins =
    plugins !== undefined && existsSync(plugins) && readdirSync(plugins).length > 0;
  if (!hasPlugins) return { NXF_PLUGINS_DEFAULT: 'false' };
  return directory === undefined ? {} : { NXF_PLUGINS_DIR: plugins };
}
