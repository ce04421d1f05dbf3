import { checkAddresses, checkWorkflowAddress } from '../driven/check-addresses.ts';
import { checkInputs } from '../driven/check-cwl-inputs.ts';
import { cwlRemoteInputs } from '../driven/cwl-remote-inputs.ts';
import { classifyEnd } from '../driven/classify.ts';
import { readTaskEvents } from '../driven/events.ts';
import { readNamedOutputs } from '../driven/named-outputs.ts';
import { wdlRemoteInputs } from '../driven/wdl/remote-inputs.ts';
import type { Engine } from '../engine.ts';
import { detectPythonPackage } from '../python/detect.ts';
import { forkServer } from '../python/fork-server.ts';
import { DRIVER, toilCommand } from './command.ts';
import { TOIL_PACKAGE } from './package.ts';
import { TOIL_PARAMETERS } from './parameters.ts';

/** CWL and WDL by Toil, on one machine, through a driver that tells of tasks as they happen. */
export function createToilEngine(): Engine {
  return {
    name: 'toil',
    workflowTypes: { CWL: ['v1.0', 'v1.1', 'v1.2'], WDL: ['draft-2', '1.0', '1.1'] },
    parameters: TOIL_PARAMETERS,
    detect: (probe, places) => detectPythonPackage(TOIL_PACKAGE, probe, places),
    checkRequest: (request, limits) => {
      checkWorkflowAddress(request, limits);
      const check = request.workflowType === 'WDL' ? checkAddresses : checkInputs;
      check(request.workflowParams ?? {}, limits);
    },
    remoteInputs: (request, context) =>
      request.workflowType === 'WDL'
        ? wdlRemoteInputs(request, context)
        : cwlRemoteInputs(request, context),
    opensDocuments: true,
    warmServer: (installation, address) => forkServer(installation, DRIVER, address),
    command: toilCommand,
    tasks: ({ events }, cursor) => readTaskEvents(events, cursor),
    outputs: readNamedOutputs,
    classify: classifyEnd,
  };
}
