import type { EngineParameter } from '../../runs/engine-catalog.ts';
import type { RunRequest } from '../../runs/run.ts';
import { parameterReader } from '../driven/parameters.ts';

/** What a client may choose through `workflow_engine_parameters`. */
export const MINIWDL_PARAMETERS: readonly EngineParameter[] = [
  {
    name: 'task',
    type: 'string',
    defaultValue: '',
    description: 'Run this task of the document instead of its workflow.',
  },
  {
    name: 'copy-input-files',
    type: 'boolean',
    defaultValue: 'false',
    description: 'Give each task copies of its inputs, which it may change, instead of links.',
  },
  {
    name: 'on-error',
    type: 'enum',
    values: ['stop', 'continue'],
    defaultValue: 'stop',
    description: 'After a failed task: stop those that run, or let them end.',
  },
  {
    name: 'check-quant',
    type: 'boolean',
    defaultValue: 'true',
    description: 'Check the quantifiers ? and + of types, as the standard demands.',
  },
];

const valueOf = parameterReader(MINIWDL_PARAMETERS);

/** The driver's options for the parameters. */
export function parameterOptions(request: RunRequest): readonly string[] {
  return [
    ...documentOptions(request),
    ...(valueOf(request, 'copy-input-files') === 'true' ? ['--copy-input-files'] : []),
    ...(valueOf(request, 'on-error') === 'continue' ? ['--continue-on-error'] : []),
  ];
}

/** Those that say how the document is read. */
export function documentOptions(request: RunRequest): readonly string[] {
  const task = valueOf(request, 'task');
  return [
    ...(task === '' ? [] : [`--task=${task}`]),
    ...(valueOf(request, 'check-quant') === 'true' ? [] : ['--no-quant-check']),
  ];
}
