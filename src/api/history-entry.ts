import type { RunEvent } from '../runs/run.ts';
import type { RunHistory } from '../wes/run-history.ts';
import { timestamp } from './timestamps.ts';

/** A line of a run's history in the words of the API. */
export function historyEntry({
  at,
  from,
  to,
  actor,
  reason,
}: RunEvent): RunHistory['history'][number] {
  return {
    time: timestamp(at),
    ...(from !== undefined && { from }),
    to,
    actor,
    reason,
  };
}
