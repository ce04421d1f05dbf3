import type { JsonObject } from '../../src/runs/json.ts';
import type { RunRequest } from '../../src/runs/run.ts';
import type { RunSetup } from './engine-run.ts';

/** A document as the attachment `main.wdl`, and the request that runs it. */
export function wdlRun(
  document: string,
  workflowParams: JsonObject = {},
  files: Readonly<Record<string, string>> = {},
): RunSetup & { readonly files: Readonly<Record<string, string>> } {
  return { request: wdlRequest({ workflowParams }), files: { 'main.wdl': document, ...files } };
}

export function wdlRequest(changes: Partial<RunRequest> = {}): RunRequest {
  return { workflowType: 'WDL', workflowTypeVersion: '1.0', workflowUrl: 'main.wdl', ...changes };
}

/** A task that runs a script, with inputs, outputs and runtime as WDL writes them. */
export function wdlTask(
  name: string,
  script: string,
  { inputs = '', outputs = '', runtime = '' } = {},
): string {
  return `task ${name} {
  input { ${inputs} }
  command <<<
${script}
  >>>
  output { ${outputs} }
  runtime { ${runtime} }
}
`;
}

/** Tasks of which each waits for the one before, and makes a file `made`. */
export function wdlChain(scripts: Readonly<Record<string, string>>): string {
  const names = Object.keys(scripts);
  const tasks = Object.entries(scripts).map(([name, script]) =>
    wdlTask(name, script, { inputs: 'File? before', outputs: 'File made = "made"' }),
  );
  const calls = names.map((name, index) =>
    index === 0 ? `call ${name}` : `call ${name} { input: before = ${names[index - 1]}.made }`,
  );
  const outputs = names.map((name) => `File ${name}_made = ${name}.made`);
  return `version 1.0
${tasks.join('\n')}
workflow chain {
  ${calls.join('\n  ')}
  output { ${outputs.join('\n')} }
}
`;
}
