import Type, { type Static } from 'typebox';

const NAMES = [
  'UNKNOWN',
  'QUEUED',
  'INITIALIZING',
  'RUNNING',
  'PAUSED',
  'COMPLETE',
  'EXECUTOR_ERROR',
  'SYSTEM_ERROR',
  'CANCELED',
  'CANCELING',
  'PREEMPTED',
] as const;

/** WES 1.1 `State`. */
export const State = Type.Unsafe<(typeof NAMES)[number]>({
  $id: 'State',
  title: 'State',
  type: 'string',
  enum: NAMES,
  description: [
    'Where a run stands. QUEUED: accepted and waiting. INITIALIZING: taken by a daemon, files are being staged.',
    'RUNNING: the workflow engine was started. PAUSED: halted for now. CANCELING: a cancel is being carried out.',
    'The others are final. COMPLETE: ended well and every output is stored. EXECUTOR_ERROR: the workflow itself failed.',
    'SYSTEM_ERROR: the service could not carry it out. CANCELED: stopped at the request of a client.',
    'PREEMPTED: stopped because its machine was needed elsewhere. UNKNOWN: not to be told.',
  ].join(' '),
});

export type State = Static<typeof State>;
