import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../../runs/command.ts';
import { OUTPUT_REFERENCE } from '../../runs/run.ts';
import { outputObjectPath } from '../driven/output-object.ts';
import { findWorkflow } from '../driven/workflow-place.ts';
import type { EngineContext } from '../engine.ts';
import { pythonEnvironment } from '../python/environment.ts';
import { throughForkServer } from '../python/fork-server.ts';
import { parameterOptions } from './parameters.ts';

/** The Python package beside this file that runs Snakemake and writes the events. */
export const DRIVER = fileURLToPath(new URL('./driver', import.meta.url));

export function snakemakeCommand(context: EngineContext): Command {
  const { directory, request, installation, warmServer } = context;
  return {
    argv: throughForkServer(
      installation,
      DRIVER,
      [...driverArguments(context), '--', ...snakemakeArguments(context)],
      warmServer,
    ),
    workingDirectory: directory.execution,
    environment: {
      ...pythonEnvironment(context),
      // Where Snakemake keeps copies of remote sources.
      XDG_CACHE_HOME: join(directory.home, '.cache'),
    },
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: [{ path: directory.inputs, content: JSON.stringify(request.workflowParams ?? {}) }],
    stopSignal: 'SIGTERM',
  };
}

function driverArguments(context: EngineContext): readonly string[] {
  const { directory, cacheDirectory } = context;
  return [
    ...['--run-root', directory.root],
    ...['--events', directory.events],
    ...['--tasks', directory.tasks],
    ...['--outputs', directory.outputs],
    ...['--outputs-object', outputObjectPath(directory)],
    ...['--output-prefix', OUTPUT_REFERENCE],
    ...(cacheDirectory === undefined ? [] : ['--cache', cacheDirectory]),
    ...(runsContainers(context) ? ['--containers'] : []),
  ];
}

function snakemakeArguments(context: EngineContext): readonly string[] {
  const { directory, request, cores } = context;
  return [
    ...['--snakefile', workflowAddress(context)],
    ...['--directory', directory.execution],
    // Goes over the workflow's own `configfile:`.
    ...['--configfile', directory.inputs],
    ...['--cores', String(Math.max(1, Math.floor(cores)))],
    // The other one starts a solver, which is of use with clusters only.
    ...['--scheduler', 'greedy'],
    // Jobs are of this machine: what they wrote is there.
    ...['--latency-wait', '0'],
    '--nocolor',
    '--printshellcmds',
    ...(runsContainers(context) ? ['--use-singularity'] : []),
    ...parameterOptions(request),
  ];
}

function runsContainers({ containers }: EngineContext): boolean {
  return containers === 'singularity' || containers === 'apptainer';
}

function workflowAddress(context: EngineContext): string {
  const place = findWorkflow(context);
  return place.kind === 'remote' ? place.url : place.path;
}
