import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../../runs/command.ts';
import { OUTPUT_REFERENCE } from '../../runs/run.ts';
import { containerArguments, startedContainers } from '../driven/containers.ts';
import { outputObjectPath } from '../driven/output-object.ts';
import { findWorkflow } from '../driven/workflow-place.ts';
import type { EngineContext } from '../engine.ts';
import { pythonEnvironment } from '../python/environment.ts';
import { throughForkServer } from '../python/fork-server.ts';
import { parameterOptions } from './parameters.ts';

/** The Python package beside this file that runs miniwdl and writes the events. */
export const DRIVER = fileURLToPath(new URL('./driver', import.meta.url));

export function miniwdlCommand(context: EngineContext): Command {
  const { directory, request, installation, warmServer } = context;
  return {
    argv: throughForkServer(installation, DRIVER, driverArguments(context), warmServer),
    workingDirectory: directory.execution,
    environment: { ...pythonEnvironment(context), NO_COLOR: '1' },
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: [{ path: directory.inputs, content: JSON.stringify(request.workflowParams ?? {}) }],
    stopSignal: 'SIGTERM',
    ...startedContainers(context),
  };
}

function driverArguments(context: EngineContext): readonly string[] {
  const { directory, request, allowedFileRoots, cores, cacheDirectory } = context;
  return [
    ...['--run-root', directory.root],
    ...['--run-directory', join(directory.tasks, 'wdl')],
    ...['--events', directory.events],
    ...['--outputs', directory.outputs],
    ...['--outputs-object', outputObjectPath(directory)],
    ...['--output-prefix', OUTPUT_REFERENCE],
    ...['--inputs', directory.inputs],
    ...['--cores', String(Math.max(1, Math.floor(cores)))],
    ...allowedFileRoots.flatMap((root) => ['--allow-root', root]),
    ...containerArguments(context),
    ...(cacheDirectory === undefined ? [] : ['--cache', join(cacheDirectory, 'miniwdl')]),
    ...parameterOptions(request),
    workflowAddress(context),
  ];
}

export function workflowAddress(context: Parameters<typeof findWorkflow>[0]): string {
  const place = findWorkflow(context);
  return place.kind === 'remote' ? place.url : place.path;
}
