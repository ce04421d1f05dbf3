import type { EngineParameter } from '../../runs/engine-catalog.ts';
import type { RunRequest } from '../../runs/run.ts';
import { parameterReader } from '../driven/parameters.ts';

/**
 * The options of Toil's runners that a client may choose through `workflow_engine_parameters`. Options that
 * reach outside the run or choose where it runs are not among them.
 */
export const TOIL_PARAMETERS: readonly EngineParameter[] = [
  {
    name: 'retry-count',
    type: 'integer',
    defaultValue: '0',
    description: 'How often a failed task is tried again; each attempt is a task of its own.',
  },
  {
    name: 'on-error',
    type: 'enum',
    values: ['stop', 'continue'],
    defaultValue: 'stop',
    description:
      'After a failed task: stop those that run, or continue with those that do not need it.',
  },
  {
    name: 'relax-path-checks',
    type: 'boolean',
    defaultValue: 'true',
    description: 'CWL: allow file names with spaces and other special characters.',
  },
  {
    name: 'eval-timeout',
    type: 'integer',
    defaultValue: '60',
    description: 'CWL: seconds that a JavaScript expression may take.',
  },
  {
    name: 'strict',
    type: 'boolean',
    defaultValue: 'true',
    description: 'CWL: refuse fields in documents that CWL does not know.',
  },
  {
    name: 'check-quant',
    type: 'boolean',
    defaultValue: 'true',
    description: 'WDL: check the quantifiers ? and + of types, as the standard demands.',
  },
  {
    name: 'debug',
    type: 'boolean',
    defaultValue: 'false',
    description: "Write more into the run's log.",
  },
];

const valueOf = parameterReader(TOIL_PARAMETERS);

/** Toil's options for the parameters of the request's language. */
export function parameterOptions(request: RunRequest): readonly string[] {
  const isOn = (name: string): boolean => valueOf(request, name) === 'true';
  return [
    ...['--retryCount', valueOf(request, 'retry-count')],
    ...['--logLevel', isOn('debug') ? 'DEBUG' : 'INFO'],
    ...(valueOf(request, 'on-error') === 'stop' ? ['--stopOnFirstFailure', 'True'] : []),
    ...(request.workflowType === 'WDL'
      ? ['--quantCheck', String(isOn('check-quant'))]
      : [
          ...['--eval-timeout', valueOf(request, 'eval-timeout')],
          ...(isOn('strict') ? [] : ['--not-strict']),
          ...(isOn('relax-path-checks') ? ['--relax-path-checks'] : []),
        ]),
  ];
}
