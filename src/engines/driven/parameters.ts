import type { EngineParameter } from '../../runs/engine-catalog.ts';
import type { RunRequest } from '../../runs/run.ts';

/** Reads the values that a request gives to an engine's parameters, or their defaults. */
export function parameterReader(
  parameters: readonly EngineParameter[],
): (request: RunRequest, name: string) => string {
  return (request, name) => {
    const given = request.workflowEngineParameters?.[name];
    if (given !== undefined) return given;
    const parameter = parameters.find((known) => known.name === name);
    if (parameter === undefined) throw new Error(`there is no parameter '${name}'`);
    return parameter.defaultValue;
  };
}
