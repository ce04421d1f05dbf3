import { checkAddresses, checkWorkflowAddress } from '../driven/check-addresses.ts';
import { classifyEnd } from '../driven/classify.ts';
import { readTaskEvents } from '../driven/events.ts';
import { readNamedOutputs } from '../driven/named-outputs.ts';
import { textRemoteInputs } from '../driven/text-remote-inputs.ts';
import type { Engine } from '../engine.ts';
import { detectPythonPackage } from '../python/detect.ts';
import { forkServer } from '../python/fork-server.ts';
import { DRIVER, snakemakeCommand } from './command.ts';
import { SNAKEMAKE_PACKAGE } from './package.ts';
import { checkWords, SNAKEMAKE_PARAMETERS } from './parameters.ts';

/** Snakemake, whose language has the version of the program, through a driver within its own process. */
export function createSnakemakeEngine(): Engine {
  return {
    name: 'snakemake',
    workflowTypes: { SMK: ['7', '9'] },
    speaks: ({ version }, _type, typeVersion) => version.split('.')[0] === typeVersion,
    parameters: SNAKEMAKE_PARAMETERS,
    detect: (probe, places) => detectPythonPackage(SNAKEMAKE_PACKAGE, probe, places),
    checkRequest: (request, limits) => {
      checkWorkflowAddress(request, limits);
      checkAddresses(request.workflowParams ?? {}, limits, mayBeAddress);
      checkWords(request);
    },
    remoteInputs: textRemoteInputs,
    opensDocuments: true,
    warmServer: (installation, address) => forkServer(installation, DRIVER, address),
    command: snakemakeCommand,
    tasks: ({ events }, cursor) => readTaskEvents(events, cursor),
    outputs: readNamedOutputs,
    classify: classifyEnd,
  };
}

/** A configuration is free text: a separator, lines of a program or a device are no files of others. */
function mayBeAddress(text: string): boolean {
  return !/^(?:\/+|\/dev\/(?:null|stdin|stdout|stderr))$|\n/.test(text);
}
