import {
  sql,
  type RawBuilder,
  type Transaction,
  type UpdateQueryBuilder,
  type UpdateResult,
} from 'kysely';
import { isTerminal, sourcesOf, type StoredState } from '../../runs/state.ts';
import type { DatabaseDialect } from '../dialects/dialect.ts';
import { toJson } from '../json-text.ts';
import { queueOfRow } from '../queue-name.ts';
import type { Tables } from '../schema.ts';

export interface StateChange {
  readonly runId: string;
  readonly to: StoredState;
  readonly at: number;
  readonly actor: string;
  readonly reason: string;
}

type Clock = Pick<DatabaseDialect, 'clock'>;

/** When a row is written: what readers of changes go by, as no two machines have the same time. */
export function clockOf({ clock }: Clock): RawBuilder<number> {
  return sql.raw(clock);
}

type RunUpdate = UpdateQueryBuilder<Tables, 'workflow_runs', 'workflow_runs', UpdateResult>;

/**
 * The one place where a stored state changes: a compare-and-set from a state that may move to `to`,
 * and a line in the history. `narrow` adds what else must hold and what else is written. False, and
 * nothing written, when the run is in no such state.
 */
export async function changeState(
  dialect: Clock,
  tx: Transaction<Tables>,
  change: StateChange,
  narrow: (update: RunUpdate) => RunUpdate,
): Promise<boolean> {
  const update = tx
    .updateTable('workflow_runs')
    // The order counts: MySQL evaluates assignments from left to right, with the values set so far.
    .set({
      previous_state: sql.ref('state'),
      state: change.to,
      revision: sql`revision + 1`,
      queue: change.to === 'QUEUED' ? queueOfRow() : null,
    })
    .set(consequences(change))
    .where('run_id', '=', change.runId)
    .where('state', 'in', [...sourcesOf(change.to)]);
  const { numUpdatedRows } = await narrow(update).executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return false;
  await writeHistory(dialect, tx, change);
  return true;
}

function notBefore(earlier: 'created_at' | 'coalesce(started_at, created_at)', at: number) {
  const time = sql.raw(earlier);
  return sql<number>`case when ${time} > ${at} then ${time} else ${at} end`;
}

/** What a move writes by itself, whoever makes it. */
function consequences({ to, at }: StateChange) {
  return {
    // A run that resumes after PAUSED has started before; a claim clears the time.
    ...(to === 'RUNNING'
      ? { started_at: sql<number>`coalesce(started_at, ${notBefore('created_at', at)})` }
      : {}),
    ...(isTerminal(to) ? { ended_at: notBefore('coalesce(started_at, created_at)', at) } : {}),
    ...(isTerminal(to) || to === 'QUEUED' ? { lease_owner: null } : {}),
    // A wish to pause ends with the work that it was for.
    ...(to === 'RUNNING' || to === 'PAUSED' ? {} : { pause_requested: 0 }),
  };
}

/** Clocks of machines differ, and a write may wait for another: a history never goes back in time. */
async function notBeforeTheLast(
  tx: Transaction<Tables>,
  runId: string,
  at: number,
): Promise<number> {
  const last = await tx
    .selectFrom('run_events')
    .select('at')
    .where('run_id', '=', runId)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Math.max(at, last?.at ?? at);
}

/** Writes the line that the latest change of this run, in the same transaction, is told by. */
export async function writeHistory(
  dialect: Clock,
  tx: Transaction<Tables>,
  { runId, at, actor, reason }: Omit<StateChange, 'to'>,
): Promise<void> {
  const time = await notBeforeTheLast(tx, runId, at);
  await tx
    .insertInto('run_events')
    .columns([
      'run_id',
      'revision',
      'at',
      'recorded_at',
      'from_state',
      'to_state',
      'actor',
      'reason',
    ])
    .expression(
      tx
        .selectFrom('workflow_runs')
        .select((eb) => [
          'run_id',
          'revision',
          eb.val(time).as('at'),
          clockOf(dialect).as('recorded_at'),
          'previous_state',
          'state',
          eb.val(toJson(actor)).as('actor'),
          eb.val(toJson(reason)).as('reason'),
        ])
        .where('run_id', '=', runId),
    )
    .execute();
}
