import type { JsonObject } from '../../src/runs/json.ts';
import type { RunRequest } from '../../src/runs/run.ts';
import type { RunSetup } from './engine-run.ts';

/** A script as the attachment `main.nf`, and the request that runs it. */
export function nextflowRun(
  script: string,
  workflowParams: JsonObject = {},
  files: Readonly<Record<string, string>> = {},
): RunSetup & { readonly files: Readonly<Record<string, string>> } {
  return { request: nextflowRequest({ workflowParams }), files: { 'main.nf': script, ...files } };
}

export function nextflowRequest(changes: Partial<RunRequest> = {}): RunRequest {
  return {
    workflowType: 'NFL',
    workflowTypeVersion: 'DSL2',
    workflowUrl: 'main.nf',
    ...changes,
  };
}

/** A process that runs a script, with directives, inputs and outputs as Nextflow writes them. */
export function nextflowProcess(
  name: string,
  script: string,
  { directives = '', inputs = '', outputs = '' } = {},
): string {
  return `process ${name} {
  ${directives}
  ${inputs === '' ? '' : `input:\n  ${inputs}`}
  ${outputs === '' ? '' : `output:\n  ${outputs}`}
  script:
  '''
  ${script}
  '''
}
`;
}

/** Processes of which each waits for the one before, and publishes a file of its name. */
export function nextflowChain(scripts: Readonly<Record<string, string>>): string {
  const names = Object.keys(scripts);
  const processes = Object.entries(scripts).map(([name, script]) =>
    nextflowProcess(name, script, {
      directives: "publishDir 'results'",
      inputs: 'val before',
      outputs: `path '${name}.txt'`,
    }),
  );
  const calls = names.map(
    (name, index) => `${name}(${index === 0 ? "'start'" : `${names[index - 1]}.out.map { 1 }`})`,
  );
  return `${processes.join('\n')}\nworkflow {\n  ${calls.join('\n  ')}\n}\n`;
}
