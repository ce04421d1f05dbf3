import type { EngineParameter } from '../../runs/engine-catalog.ts';
import { invalidRequest } from '../../runs/errors.ts';
import type { RunRequest } from '../../runs/run.ts';
import { parameterReader } from '../driven/parameters.ts';

/**
 * What a client may choose through `workflow_engine_parameters`. Options that load configuration or
 * plugins, reach outside the run or go on in the background are not among them.
 */
export const NEXTFLOW_PARAMETERS: readonly EngineParameter[] = [
  {
    name: 'profile',
    type: 'string',
    defaultValue: '',
    description: 'Profiles of the nextflow.config to use, separated by commas.',
  },
  {
    name: 'revision',
    type: 'string',
    defaultValue: '',
    description: 'Branch, tag or commit, when workflow_url is the address of a repository.',
  },
  {
    name: 'entry',
    type: 'string',
    defaultValue: '',
    description: 'Run this named workflow of the script instead of the one without a name.',
  },
  {
    name: 'error-strategy',
    type: 'enum',
    values: ['workflow', 'terminate', 'finish', 'ignore'],
    defaultValue: 'workflow',
    description:
      'After a failed task: as the workflow says, stop the others, let them end, or go on without it; what a process says of itself has precedence.',
  },
  {
    name: 'stub-run',
    type: 'boolean',
    defaultValue: 'false',
    description: 'Run the stub of each process that has one, to try a workflow out.',
  },
];

const valueOf = parameterReader(NEXTFLOW_PARAMETERS);

/** Names and lists of names: nothing that could be taken for another option. */
const FORMS: Readonly<Record<string, RegExp>> = {
  profile: /^(?:\w[\w.-]*(?:,\w[\w.-]*)*)?$/,
  revision: /^(?:\w[\w./-]*)?$/,
  entry: /^(?:[A-Za-z_]\w*)?$/,
};

/** @throws WesError `invalid_request` for a value that can't be one */
export function checkNextflowParameters(request: RunRequest): void {
  for (const [name, form] of Object.entries(FORMS)) {
    const value = valueOf(request, name);
    if (form.test(value)) continue;
    throw invalidRequest(`workflow_engine_parameters.${name}`, `'${value}' is not a valid ${name}`);
  }
}

/** Nextflow's options for the parameters. */
export function parameterOptions(request: RunRequest): readonly string[] {
  const named = (name: string, option: string): readonly string[] =>
    valueOf(request, name) === '' ? [] : [option, valueOf(request, name)];
  return [
    ...named('profile', '-profile'),
    ...named('entry', '-entry'),
    ...(valueOf(request, 'stub-run') === 'true' ? ['-stub-run'] : []),
  ];
}

export function revisionOf(request: RunRequest): string | undefined {
  const revision = valueOf(request, 'revision');
  return revision === '' ? undefined : revision;
}

/** Undefined when the workflow decides. */
export function errorStrategyOf(request: RunRequest): string | undefined {
  const strategy = valueOf(request, 'error-strategy');
  return strategy === 'workflow' ? undefined : strategy;
}
