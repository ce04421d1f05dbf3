import type { EngineParameter } from './engine-catalog.ts';

/** Priorities of runs; 0 is what a run has by itself. */
export const PRIORITY = { lowest: -10, normal: 0, highest: 10 } as const;

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
];
