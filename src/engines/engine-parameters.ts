import type { EngineParameter } from '../runs/engine-catalog.ts';
import { invalidRequest } from '../runs/errors.ts';
import { isServiceParameter, SERVICE_PARAMETERS } from '../runs/service-parameters.ts';

type Values = Readonly<Record<string, string>>;

/**
 * The parameters as the engine reads them: known names, values of the right type, booleans in lower
 * case. What is absent stays absent; the engine knows its defaults. The service's own parameters stay
 * as they are: they were read before (see `service-parameters.ts`).
 * @throws WesError `invalid_request` naming the parameter and what is allowed
 */
export function checkEngineParameters(
  engine: string,
  known: readonly EngineParameter[],
  given: Values | undefined,
): Values | undefined {
  if (given === undefined) return undefined;
  const checked = Object.entries(given).map(([name, value]) => {
    if (isServiceParameter(name)) return [name, value] as const;
    const parameter = known.find((candidate) => candidate.name === name);
    if (parameter === undefined) throw unknownParameter(engine, name, known);
    return [name, checkValue(parameter, value)] as const;
  });
  return Object.fromEntries(checked);
}

function unknownParameter(engine: string, name: string, known: readonly EngineParameter[]): Error {
  const names = [...known, ...SERVICE_PARAMETERS].map((parameter) => parameter.name).join(', ');
  return invalidRequest(
    `workflow_engine_parameters.${name}`,
    `is not a parameter of ${engine}; supported: ${names}`,
  );
}

function checkValue(parameter: EngineParameter, value: string): string {
  switch (parameter.type) {
    case 'boolean':
      return requireOneOf(parameter, value.toLowerCase(), ['true', 'false']);
    case 'enum':
      return requireOneOf(parameter, value, parameter.values ?? []);
    case 'integer':
      if (/^(?:0|[1-9]\d{0,8})$/.test(value)) return value;
      throw wrongValue(parameter, value, 'a whole number');
    case 'string':
      return value;
  }
}

function requireOneOf(
  parameter: EngineParameter,
  value: string,
  allowed: readonly string[],
): string {
  if (allowed.includes(value)) return value;
  throw wrongValue(parameter, value, allowed.join(' or '));
}

function wrongValue({ name }: EngineParameter, value: string, expected: string): Error {
  return invalidRequest(
    `workflow_engine_parameters.${name}`,
    `must be ${expected}, not '${value}'`,
  );
}
