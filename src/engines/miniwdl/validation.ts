import type { Command } from '../../runs/command.ts';
import { validationArguments, validationFiles } from '../driven/validation.ts';
import { readVerdict } from '../driven/verdict.ts';
import type { EngineValidation, ValidationContext } from '../engine.ts';
import { pythonEnvironment } from '../python/environment.ts';
import { throughForkServer } from '../python/fork-server.ts';
import { DRIVER, workflowAddress } from './command.ts';
import { documentOptions } from './parameters.ts';

/** By the same driver, which stops before the first task. */
export const MINIWDL_VALIDATION: EngineValidation = {
  command: validationCommand,
  verdict: readVerdict,
};

function validationCommand(context: ValidationContext): Command {
  const { directory, request, installation, warmServer } = context;
  const driverArguments = [
    ...validationArguments(context),
    ...documentOptions(request),
    workflowAddress(context),
  ];
  return {
    argv: throughForkServer(installation, DRIVER, driverArguments, warmServer),
    workingDirectory: directory.execution,
    environment: { ...pythonEnvironment(context), NO_COLOR: '1' },
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: validationFiles(context, JSON.stringify(request.workflowParams ?? {})),
    stopSignal: 'SIGTERM',
  };
}
