import { checkAddresses, checkWorkflowAddress } from '../driven/check-addresses.ts';
import { classifyEnd } from '../driven/classify.ts';
import { readTaskEvents } from '../driven/events.ts';
import { readNamedOutputs } from '../driven/named-outputs.ts';
import { textRemoteInputs } from '../driven/text-remote-inputs.ts';
import type { Engine } from '../engine.ts';
import { nextflowCommand } from './command.ts';
import { detectNextflow, NEXTFLOW } from './detect.ts';
import { checkNextflowParameters, NEXTFLOW_PARAMETERS } from './parameters.ts';

/** Nextflow workflows, through a driver and an observer that tells of tasks from within Nextflow. */
export function createNextflowEngine(): Engine {
  return {
    name: NEXTFLOW,
    workflowTypes: { NFL: ['DSL2'] },
    parameters: NEXTFLOW_PARAMETERS,
    detect: detectNextflow,
    checkRequest: (request, limits) => {
      checkWorkflowAddress(request, limits);
      checkAddresses(request.workflowParams ?? {}, limits);
      checkNextflowParameters(request);
    },
    remoteInputs: textRemoteInputs,
    command: nextflowCommand,
    tasks: ({ events }, cursor) => readTaskEvents(events, cursor),
    outputs: readNamedOutputs,
    classify: classifyEnd,
  };
}
