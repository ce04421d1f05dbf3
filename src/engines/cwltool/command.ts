import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../../runs/command.ts';
import { containerArguments, startedContainers } from '../driven/containers.ts';
import { cwlInputText } from '../driven/cwl-input-text.ts';
import { outputObjectPath } from '../driven/output-object.ts';
import { addressOf, findWorkflow } from '../driven/workflow-place.ts';
import type { ContainerRuntime, EngineContext } from '../engine.ts';
import { pythonEnvironment } from '../python/environment.ts';
import { throughForkServer } from '../python/fork-server.ts';
import { parameterOptions, parameterValue } from './parameters.ts';

/** The Python package beside this file that runs cwltool and writes the events. */
export const DRIVER = fileURLToPath(new URL('./driver', import.meta.url));

export function cwltoolCommand(context: EngineContext): Command {
  const { directory, request } = context;
  return {
    argv: throughForkServer(
      context.installation,
      DRIVER,
      [...driverArguments(context), '--', ...cwltoolArguments(context)],
      context.warmServer,
    ),
    workingDirectory: directory.execution,
    environment: cwltoolEnvironment(context),
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: [{ path: directory.inputs, content: cwlInputText(request.workflowParams ?? {}) }],
    stopSignal: 'SIGTERM',
    ...startedContainers(context),
  };
}

/** cwltool knows Apptainer by the name that it had, which the driver sees to. */
const CONTAINER_OPTIONS: Readonly<Record<ContainerRuntime | 'none', readonly string[]>> = {
  none: ['--no-container'],
  docker: [],
  podman: ['--podman'],
  singularity: ['--singularity'],
  apptainer: ['--singularity'],
};

/** Messages are not broken into lines, which would depend on the length of paths. */
export function cwltoolEnvironment(
  context: Parameters<typeof pythonEnvironment>[0],
): Record<string, string> {
  return { ...pythonEnvironment(context), COLUMNS: '2000' };
}

function driverArguments(context: EngineContext): readonly string[] {
  const { directory, request, allowedFileRoots, cacheDirectory } = context;
  return [
    ...['--run-root', directory.root],
    ...['--events', directory.events],
    ...['--tasks', directory.tasks],
    ...['--outputs-object', outputObjectPath(directory)],
    ...['--inputs', directory.inputs],
    ...['--cores', String(context.cores)],
    ...allowedFileRoots.flatMap((root) => ['--allow-root', root]),
    ...containerArguments(context),
    ...(parameterValue(request, 'parallel') === 'true' ? [] : ['--serial']),
    ...(cacheDirectory === undefined ? [] : ['--cache', join(cacheDirectory, 'cwltool')]),
  ];
}

function cwltoolArguments(context: EngineContext): readonly string[] {
  const { directory, request } = context;
  return [
    ...CONTAINER_OPTIONS[context.containers ?? 'none'],
    '--disable-ga4gh-tool-registry',
    '--disable-color',
    '--timestamps',
    ...['--outdir', directory.outputs],
    ...['--tmpdir-prefix', join(directory.temporary, 'task-')],
    ...['--tmp-outdir-prefix', join(directory.temporary, 'outputs-')],
    ...parameterOptions(request),
    addressOf(findWorkflow(context)),
  ];
}
