import { checkAddresses, checkWorkflowAddress } from '../driven/check-addresses.ts';
import { classifyEnd } from '../driven/classify.ts';
import { readTaskEvents } from '../driven/events.ts';
import { readNamedOutputs } from '../driven/named-outputs.ts';
import { wdlRemoteInputs } from '../driven/wdl/remote-inputs.ts';
import type { Engine } from '../engine.ts';
import { detectPythonPackage } from '../python/detect.ts';
import { forkServer } from '../python/fork-server.ts';
import { DRIVER, miniwdlCommand } from './command.ts';
import { MINIWDL_PACKAGE } from './package.ts';
import { MINIWDL_PARAMETERS } from './parameters.ts';
import { MINIWDL_VALIDATION } from './validation.ts';

/** WDL by miniwdl, through a driver whose tasks are processes of the machine. */
export function createMiniwdlEngine(): Engine {
  return {
    name: 'miniwdl',
    workflowTypes: { WDL: ['draft-2', '1.0', '1.1', '1.2'] },
    parameters: MINIWDL_PARAMETERS,
    detect: (probe, places) => detectPythonPackage(MINIWDL_PACKAGE, probe, places),
    checkRequest: (request, limits) => {
      checkWorkflowAddress(request, limits);
      checkAddresses(request.workflowParams ?? {}, limits);
    },
    remoteInputs: wdlRemoteInputs,
    opensDocuments: true,
    warmServer: (installation, address) => forkServer(installation, DRIVER, address),
    validation: MINIWDL_VALIDATION,
    command: miniwdlCommand,
    tasks: ({ events }, cursor) => readTaskEvents(events, cursor),
    outputs: readNamedOutputs,
    classify: classifyEnd,
  };
}
