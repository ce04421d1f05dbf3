/**
 * The states of a run and the moves between them: the one table that the API, the daemon and the
 * database go by. The names are WES 1.1's `State`; which moves are allowed the standard leaves open.
 */

export const STATES = [
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

export type State = (typeof STATES)[number];

/** A state that a stored run can be in. UNKNOWN exists for clients only and is never stored. */
export type StoredState = Exclude<State, 'UNKNOWN'>;

const MOVES: Readonly<Record<StoredState, readonly StoredState[]>> = {
  QUEUED: ['INITIALIZING', 'CANCELED', 'SYSTEM_ERROR'],
  INITIALIZING: ['RUNNING', 'QUEUED', 'CANCELING', 'SYSTEM_ERROR'],
  RUNNING: [
    'COMPLETE',
    'EXECUTOR_ERROR',
    'SYSTEM_ERROR',
    'CANCELING',
    'PAUSED',
    'PREEMPTED',
    'QUEUED',
  ],
  PAUSED: ['RUNNING', 'CANCELING', 'PREEMPTED', 'SYSTEM_ERROR'],
  CANCELING: ['CANCELED', 'SYSTEM_ERROR'],
  COMPLETE: [],
  EXECUTOR_ERROR: [],
  SYSTEM_ERROR: [],
  CANCELED: [],
  PREEMPTED: [],
};

export const STORED_STATES = Object.keys(MOVES) as readonly StoredState[]; // keys of the Record above

/** True for a state that a run never leaves. */
export function isTerminal(state: State): boolean {
  return state !== 'UNKNOWN' && MOVES[state].length === 0;
}

/** The states from which a run may move to `to`: the `state IN (…)` of a compare-and-set. */
export function sourcesOf(to: StoredState): readonly StoredState[] {
  return STORED_STATES.filter((from) => MOVES[from].includes(to));
}

export function isState(value: unknown): value is State {
  return typeof value === 'string' && (STATES as readonly string[]).includes(value);
}
