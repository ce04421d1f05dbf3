import type { ServerEvent } from './event-source.ts';
import { fields, readState, readTask, text } from './reading.ts';
import type { TaskLog } from './run-log.ts';
import type { State } from './state.ts';

/** What happened to a run, as a client is told. */
export type RunEvent = RunStateNews | RunTaskNews | RunEnd;

interface Numbered {
  readonly runId: string;
  /** Of two events of a run the later has the higher one. */
  readonly revision: number;
}

export interface RunStateNews extends Numbered {
  readonly type: 'state';
  readonly time: string;
  /** Absent at the beginning of a run; the same as `to` of a remark. */
  readonly from: State | undefined;
  readonly to: State;
  readonly actor: string;
  readonly reason: string;
}

export interface RunTaskNews extends Numbered {
  readonly type: 'task';
  /** What is known of its times and exit code; the rest is at `getTask`. */
  readonly task: TaskLog;
}

interface RunEnd {
  readonly type: 'end';
  readonly runId: string;
  /** Absent when the run was removed. */
  readonly state: State | undefined;
}

/** Undefined for events of other kinds, as a later version of a server may have. */
export function readRunEvent({ event, data }: ServerEvent): RunEvent | undefined {
  const { run_id: id, revision, task, ...rest } = fields(data);
  const runId = text(id);
  if (runId === undefined) return undefined;
  if (event === 'end') {
    return {
      type: 'end',
      runId,
      state: rest.state === undefined ? undefined : readState(rest.state),
    };
  }
  if (typeof revision !== 'number') return undefined;
  if (event === 'task') return { type: 'task', runId, revision, task: readTask(task, revision) };
  if (event !== 'state') return undefined;
  return {
    type: 'state',
    runId,
    revision,
    time: text(rest.time) ?? '',
    from: rest.from === undefined ? undefined : readState(rest.from),
    to: readState(rest.to),
    actor: text(rest.actor) ?? '',
    reason: text(rest.reason) ?? '',
  };
}
