import type { FastifySchemaValidationError } from 'fastify/types/schema.js';

/** Says which parameter is wrong, and what it may be. */
export function validationMessage(
  problems: readonly FastifySchemaValidationError[],
  context: string | undefined,
): string {
  const [problem] = problems;
  if (problem === undefined) return `${context ?? 'request'}: is not valid`;
  const name = problem.instancePath.split('/')[1] || missingProperty(problem) || context;
  return `${name}: ${problem.message ?? 'is not valid'}${allowedValues(problem)}`;
}

function missingProperty({ params }: FastifySchemaValidationError): string | undefined {
  const name: unknown = params['missingProperty'];
  return typeof name === 'string' ? name : undefined;
}

function allowedValues({ params }: FastifySchemaValidationError): string {
  const values: unknown = params['allowedValues'];
  return Array.isArray(values) ? `: ${values.join(', ')}` : '';
}
