import type { Engine } from '../engine.ts';
import { checkWorkflowAddress } from '../driven/check-addresses.ts';
import { classifyEnd } from '../driven/classify.ts';
import { readTaskEvents } from '../driven/events.ts';
import { detectPythonPackage } from '../python/detect.ts';
import { forkServer } from '../python/fork-server.ts';
import { checkInputs } from '../driven/check-cwl-inputs.ts';
import { cwlRemoteInputs } from '../driven/cwl-remote-inputs.ts';
import { cwltoolCommand, DRIVER } from './command.ts';
import { readOutputs } from './outputs.ts';
import { CWLTOOL_PACKAGE } from './package.ts';
import { CWLTOOL_PARAMETERS } from './parameters.ts';
import { CWLTOOL_VALIDATION } from './validation.ts';

/** CWL by cwltool, the reference implementation, through a driver that tells of tasks as they happen. */
export function createCwltoolEngine(): Engine {
  return {
    name: 'cwltool',
    workflowTypes: { CWL: ['v1.0', 'v1.1', 'v1.2'] },
    parameters: CWLTOOL_PARAMETERS,
    detect: (probe, places) => detectPythonPackage(CWLTOOL_PACKAGE, probe, places),
    checkRequest: (request, limits) => {
      checkWorkflowAddress(request, limits);
      checkInputs(request.workflowParams ?? {}, limits);
    },
    remoteInputs: cwlRemoteInputs,
    opensDocuments: true,
    warmServer: (installation, address) => forkServer(installation, DRIVER, address),
    validation: CWLTOOL_VALIDATION,
    command: cwltoolCommand,
    tasks: ({ events }, cursor) => readTaskEvents(events, cursor),
    outputs: readOutputs,
    classify: classifyEnd,
  };
}
