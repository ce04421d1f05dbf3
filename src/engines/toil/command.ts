import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../../runs/command.ts';
import { OUTPUT_REFERENCE } from '../../runs/run.ts';
import { containerArguments, startedContainers } from '../driven/containers.ts';
import { cwlInputText } from '../driven/cwl-input-text.ts';
import { outputObjectPath } from '../driven/output-object.ts';
import { addressOf, findWorkflow } from '../driven/workflow-place.ts';
import type { ContainerRuntime, EngineContext } from '../engine.ts';
import { pythonEnvironment } from '../python/environment.ts';
import { throughForkServer } from '../python/fork-server.ts';
import { parameterOptions } from './parameters.ts';

/** The Python package beside this file that runs Toil and writes the events. */
export const DRIVER = fileURLToPath(new URL('./driver', import.meta.url));

export function toilCommand(context: EngineContext): Command {
  const { directory, request, installation, warmServer } = context;
  const driverAndToil = [...driverArguments(context), '--', ...toilArguments(context)];
  return {
    argv: throughForkServer(installation, DRIVER, driverAndToil, warmServer),
    workingDirectory: directory.execution,
    environment: { ...pythonEnvironment(context), NO_COLOR: '1' },
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: [{ path: directory.inputs, content: cwlInputText(request.workflowParams ?? {}) }],
    stopSignal: 'SIGTERM',
    ...startedContainers(context),
  };
}

function driverArguments(context: EngineContext): readonly string[] {
  const { directory, request, allowedFileRoots, cores } = context;
  return [
    ...['--language', request.workflowType],
    ...['--run-root', directory.root],
    ...['--state', join(directory.root, 'toil')],
    ...['--events', directory.events],
    ...['--tasks', directory.tasks],
    ...['--outputs', directory.outputs],
    ...['--outputs-object', outputObjectPath(directory)],
    ...['--output-prefix', OUTPUT_REFERENCE],
    ...['--inputs', directory.inputs],
    ...['--cores', String(Math.max(1, Math.floor(cores)))],
    ...allowedFileRoots.flatMap((root) => ['--allow-root', root]),
    ...containerArguments(context),
  ];
}

function toilArguments(context: EngineContext): readonly string[] {
  const { request, containers } = context;
  const place = findWorkflow(context);
  if (request.workflowType === 'WDL') {
    // Whatever runs the tasks, the driver puts it in Docker's place.
    const address = place.kind === 'file' ? place.path : place.url;
    return ['--container', 'docker', ...parameterOptions(request), address];
  }
  return [
    ...CWL_CONTAINER_OPTIONS[containers ?? 'none'],
    ...parameterOptions(request),
    addressOf(place),
  ];
}

/** cwltool, which Toil runs tools with, knows Apptainer by the name that it had; the driver sees to that. */
const CWL_CONTAINER_OPTIONS: Readonly<Record<ContainerRuntime | 'none', readonly string[]>> = {
  none: ['--no-container'],
  docker: [],
  podman: ['--podman'],
  singularity: ['--singularity'],
  apptainer: ['--singularity'],
};
