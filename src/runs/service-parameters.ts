import type { EngineParameter } from './engine-catalog.ts';
import { invalidRequest } from './errors.ts';

/** Priorities of runs; 0 is what a run has by itself. */
export const PRIORITY = { lowest: -10, normal: 0, highest: 10 } as const;

/** Ten years: what is longer is a mistake in the unit. */
const LONGEST_TIMEOUT_SECONDS = 315_360_000;

/**
 * Keys of `workflow_engine_parameters` that are for this service and work with every engine; engines
 * never see them.
 */
export const SERVICE_PARAMETERS: readonly EngineParameter[] = [
  {
    name: 'priority',
    type: 'integer',
    defaultValue: '0',
    description: `From ${PRIORITY.lowest} to ${PRIORITY.highest}; runs of higher priority start first. How high it may be depends on who asks.`,
  },
  {
    name: 'timeout',
    type: 'integer',
    defaultValue: '0',
    description: 'Seconds after which the run is stopped; 0 for as long as the service allows.',
  },
  {
    name: 'cache',
    type: 'boolean',
    defaultValue: 'false',
    description:
      "Keep the results of this run's tasks, and take those that an earlier attempt, or the run that this one repeats, has left.",
  },
  {
    name: 'stage',
    type: 'string',
    defaultValue: '',
    description:
      "Schemes of the addresses in workflow_params whose files are fetched before the engine starts, separated by commas, or none; by default the language's own.",
  },
];

/** What a request asks of the service itself. */
export interface ServiceParameters {
  /** PRIORITY.normal when none is asked for. */
  readonly priority: number;
  /** Whole seconds, at least 1; absent for as long as the service allows. */
  readonly timeoutSeconds?: number;
  /** Whether results of tasks are kept, and those that were kept taken. */
  readonly cache: boolean;
  /** Schemes whose addresses are fetched before the engine starts; absent for the language's own. */
  readonly stage?: readonly string[];
}

export function isServiceParameter(name: string): boolean {
  return SERVICE_PARAMETERS.some((parameter) => parameter.name === name);
}

/**
 * Reads the service's own keys of `workflow_engine_parameters`; the others are for the engine.
 * @throws WesError `invalid_request` naming the parameter and what is allowed
 */
export function readServiceParameters(
  given: Readonly<Record<string, string>> = {},
): ServiceParameters {
  const priority = wholeNumber(given, 'priority', PRIORITY.lowest, PRIORITY.highest);
  const timeoutSeconds = wholeNumber(given, 'timeout', 0, LONGEST_TIMEOUT_SECONDS) ?? 0;
  const stage = schemes(given, 'stage');
  return {
    ...(stage !== undefined && { stage }),
    priority: priority ?? PRIORITY.normal,
    ...(timeoutSeconds > 0 && { timeoutSeconds }),
    cache: trueOrFalse(given, 'cache') ?? false,
  };
}

function schemes(
  given: Readonly<Record<string, string>>,
  name: string,
): readonly string[] | undefined {
  const text = given[name]?.trim().toLowerCase() ?? '';
  if (text === '') return undefined;
  if (text === 'none') return [];
  const names = text.split(',').map((scheme) => scheme.trim());
  if (names.every((scheme) => /^[a-z][a-z0-9+.-]*$/.test(scheme))) return names;
  throw invalidRequest(
    `workflow_engine_parameters.${name}`,
    `must be schemes separated by commas, as 'https,s3', or none, not '${given[name]}'`,
  );
}

function trueOrFalse(given: Readonly<Record<string, string>>, name: string): boolean | undefined {
  const text = given[name];
  const word = text?.toLowerCase();
  if (word === undefined) return undefined;
  if (word === 'true' || word === 'false') return word === 'true';
  throw invalidRequest(
    `workflow_engine_parameters.${name}`,
    `must be true or false, not '${text}'`,
  );
}

function wholeNumber(
  given: Readonly<Record<string, string>>,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  const number = /^(?:0|-?[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw invalidRequest(
    `workflow_engine_parameters.${name}`,
    `must be a whole number from ${least} to ${most}, not '${text}'`,
  );
}
