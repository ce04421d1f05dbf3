import type { JsonObject } from '../../src/runs/json.ts';
import type { RunRequest } from '../../src/runs/run.ts';
import type { RunSetup } from './engine-run.ts';

/** CWL documents are written as JSON, which is YAML too. */
export interface Tool extends JsonObject {
  readonly class: 'CommandLineTool';
}

/** A tool that runs a shell script; `outputs` and `more` as in CWL. */
export function shellTool(script: string, outputs: JsonObject = {}, more: JsonObject = {}): Tool {
  return {
    class: 'CommandLineTool',
    baseCommand: ['sh', '-c'],
    arguments: [script],
    inputs: {},
    outputs,
    ...more,
  };
}

export const ANY_FILE = (glob: string): JsonObject => ({ type: 'File', outputBinding: { glob } });

/** A document of one tool or workflow as the attachment `main.cwl`, and the request that runs it. */
export function cwlRun(
  process: JsonObject,
  workflowParams: JsonObject = {},
  files: Readonly<Record<string, string>> = {},
): RunSetup & { readonly files: Readonly<Record<string, string>> } {
  const document = JSON.stringify({ cwlVersion: 'v1.2', ...process }, undefined, 1);
  return {
    request: cwlRequest({ workflowParams }),
    files: { 'main.cwl': document, ...files },
  };
}

export function cwlRequest(changes: Partial<RunRequest> = {}): RunRequest {
  return {
    workflowType: 'CWL',
    workflowTypeVersion: 'v1.2',
    workflowUrl: 'main.cwl',
    ...changes,
  };
}

/** Steps one after the other, each with its files; the outputs of all are outputs of the workflow. */
export function chain(steps: Readonly<Record<string, Tool>>): JsonObject {
  const names = Object.keys(steps);
  return {
    class: 'Workflow',
    inputs: {},
    outputs: Object.fromEntries(
      names.map((name) => [name, { type: 'File', outputSource: `${name}/made` }]),
    ),
    steps: Object.fromEntries(
      names.map((name, index) => [
        name,
        {
          in: index === 0 ? {} : { before: `${names[index - 1]}/made` },
          out: ['made'],
          run: withInput(steps[name] ?? shellTool('true'), index === 0 ? undefined : 'before'),
        },
      ]),
    ),
  };
}

function withInput(tool: Tool, input: string | undefined): JsonObject {
  return input === undefined ? tool : { ...tool, inputs: { [input]: 'File' } };
}

/** A scatter over the input `numbers`; the script sees each of them as `$0`. */
export function scatter(script: string, outputs: JsonObject = { made: 'stdout' }): JsonObject {
  return {
    class: 'Workflow',
    requirements: { ScatterFeatureRequirement: {} },
    inputs: { numbers: 'int[]' },
    outputs: { made: { type: 'File[]', outputSource: 'each/made' } },
    steps: {
      each: {
        scatter: 'number',
        in: { number: 'numbers' },
        out: Object.keys(outputs),
        run: {
          ...shellTool(script, outputs),
          inputs: { number: { type: 'int', inputBinding: { position: 1 } } },
        },
      },
    },
  };
}
