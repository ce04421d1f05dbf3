import { isTerminal, sourcesOf, type State } from '../src/runs/state.ts';

export type Violate = (rule: string, detail: string) => void;

/** A line of a run's history, as the database or the API tells it. */
export interface Move {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly from?: State | undefined;
  readonly to: State;
}

/** A chain of allowed moves, from the submission on, whose times never go back. */
export function checkMoves(moves: readonly Move[], violate: Violate): void {
  if (moves[0]?.from !== undefined || moves[0]?.to !== 'QUEUED') {
    violate('a history begins in the queue', `${moves[0]?.from} → ${moves[0]?.to}`);
  }
  for (const [index, move] of moves.entries()) {
    if (index > 0) checkMove(moves[index - 1], move, violate);
  }
}

function checkMove(before: Move | undefined, { from, to, at }: Move, violate: Violate): void {
  if (from === undefined || from !== before?.to) {
    violate('the history is a chain', `${before?.to} before ${from} → ${to}`);
  }
  // A remark, such as a change of the lease, leaves the state as it is.
  const isRemark = from === to && !isTerminal(to);
  const isAllowed = to !== 'UNKNOWN' && sourcesOf(to).some((source) => source === from);
  if (!isRemark && !isAllowed) violate('every move is in the table', `${from} → ${to}`);
  if (before !== undefined && at < before.at) {
    violate('times are monotone', `${before.at} > ${at}`);
  }
}
