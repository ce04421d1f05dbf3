import type { Command } from '../../runs/command.ts';
import { validationArguments, validationFiles } from '../driven/validation.ts';
import { readVerdict } from '../driven/verdict.ts';
import type { EngineValidation, ValidationContext } from '../engine.ts';
import { throughForkServer } from '../python/fork-server.ts';
import { cwlInputText } from '../driven/cwl-input-text.ts';
import { addressOf, findWorkflow } from '../driven/workflow-place.ts';
import { cwltoolEnvironment, DRIVER } from './command.ts';
import { parameterOptions } from './parameters.ts';

/** By the same driver, which stops before the first task. */
export const CWLTOOL_VALIDATION: EngineValidation = {
  command: validationCommand,
  verdict: readVerdict,
};

function validationCommand(context: ValidationContext): Command {
  const { directory, request, installation, warmServer } = context;
  const driverArguments = [...validationArguments(context), '--', ...cwltoolArguments(context)];
  return {
    argv: throughForkServer(installation, DRIVER, driverArguments, warmServer),
    workingDirectory: directory.execution,
    environment: cwltoolEnvironment(context),
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: validationFiles(context, cwlInputText(request.workflowParams ?? {})),
    stopSignal: 'SIGTERM',
  };
}

function cwltoolArguments(context: ValidationContext): readonly string[] {
  // With it, messages carry the places in cwltool's own code.
  const parameters = parameterOptions(context.request).filter((option) => option !== '--debug');
  return [
    '--no-container',
    '--disable-ga4gh-tool-registry',
    '--disable-color',
    ...parameters,
    addressOf(findWorkflow(context)),
  ];
}
