import type { EngineParameter } from '../../runs/engine-catalog.ts';
import type { RunRequest } from '../../runs/run.ts';
import { parameterReader } from '../driven/parameters.ts';

/**
 * The cwltool options that a client may choose through `workflow_engine_parameters`. Options that reach
 * outside the run, start containers or load extensions are not among them.
 */
export const CWLTOOL_PARAMETERS: readonly EngineParameter[] = [
  {
    name: 'parallel',
    type: 'boolean',
    defaultValue: 'true',
    description: 'Run tasks side by side, within the cores of the run.',
  },
  {
    name: 'on-error',
    type: 'enum',
    values: ['stop', 'continue'],
    defaultValue: 'stop',
    description:
      'After a failed task: stop starting tasks, or continue with those that do not need it.',
  },
  {
    name: 'relax-path-checks',
    type: 'boolean',
    defaultValue: 'true',
    description: 'Allow file names with spaces and other special characters.',
  },
  {
    name: 'eval-timeout',
    type: 'integer',
    defaultValue: '60',
    description: 'Seconds that a JavaScript expression may take.',
  },
  {
    name: 'strict',
    type: 'boolean',
    defaultValue: 'true',
    description: 'Refuse fields in documents that CWL does not know.',
  },
  {
    name: 'skip-schemas',
    type: 'boolean',
    defaultValue: 'false',
    description: 'Do not load the ontologies that a document names in $schemas.',
  },
  {
    name: 'debug',
    type: 'boolean',
    defaultValue: 'false',
    description: "Write more into the run's log.",
  },
];

/** The value that the request gives to a parameter, or the parameter's default. */
export const parameterValue = parameterReader(CWLTOOL_PARAMETERS);

/** cwltool's options for the parameters; `parallel` is the driver's own. */
export function parameterOptions(request: RunRequest): readonly string[] {
  const isOn = (name: string): boolean => parameterValue(request, name) === 'true';
  return [
    '--on-error',
    parameterValue(request, 'on-error'),
    '--eval-timeout',
    parameterValue(request, 'eval-timeout'),
    isOn('strict') ? '--strict' : '--non-strict',
    ...(isOn('relax-path-checks') ? ['--relax-path-checks'] : []),
    ...(isOn('skip-schemas') ? ['--skip-schemas'] : []),
    ...(isOn('debug') ? ['--debug'] : []),
  ];
}
