import { invalidRequest } from '../../runs/errors.ts';
import type { RunChange } from '../../runs/change-reader.ts';
import type { RunStateEvent, RunTaskEvent } from '../../wes/run-events.ts';
import { historyEntry } from '../history-entry.ts';
import { timestamp } from '../timestamps.ts';
import { serverSentEvent } from './server-sent-events.ts';

/** What happened to a run, as one event with the id behind which a client goes on. */
export function changeEvent(runId: string, change: RunChange, id: string): Buffer {
  const { type, revision } = change;
  const data =
    change.type === 'state'
      ? ({ run_id: runId, revision, ...historyEntry(change.event) } satisfies RunStateEvent)
      : taskEvent(runId, change);
  return serverSentEvent(type, data, id);
}

function taskEvent(
  runId: string,
  { revision, task }: RunChange & { readonly type: 'task' },
): RunTaskEvent {
  const { taskId, name, startedAt, endedAt, exitCode } = task;
  return {
    run_id: runId,
    revision,
    task: {
      id: taskId,
      name,
      ...(startedAt !== undefined && { start_time: timestamp(startedAt) }),
      ...(endedAt !== undefined && { end_time: timestamp(endedAt) }),
      ...(exitCode !== undefined && { exit_code: exitCode }),
    },
  };
}

/** A place among the changes of a run: behind a revision, or behind the end of the stream. */
export type RunPlace = number | 'end';

export function runEventId(runId: string, place: RunPlace): string {
  return `${runId}/${place}`;
}

/** @throws WesError `invalid_request` for an id that is none, or of another stream */
export function runPlaceOf(runId: string, id: string): RunPlace {
  const [, place = ''] = /^[^/]*\/(\d{1,9}|end)$/.exec(id) ?? [];
  if (place !== '' && id === `${runId}/${place}`) return place === 'end' ? 'end' : Number(place);
  throw notOfThisStream(id);
}

/** Places among the changes of all runs are times of the clock by which they are recorded. */
export function feedPositionOf(id: string): number {
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw notOfThisStream(id);
}

export function notOfThisStream(id: string): Error {
  return invalidRequest(
    'Last-Event-ID',
    `'${id.slice(0, 100)}' is not the id of an event of this stream`,
  );
}
