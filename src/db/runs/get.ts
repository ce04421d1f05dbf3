import type { Selectable } from 'kysely';
import type { Attachment, Run, RunEvent } from '../../runs/run.ts';
import type { RunStateRow } from '../../runs/run-store.ts';
import { fromJson } from '../json-text.ts';
import { canBeStored } from '../plain-text.ts';
import type { Connection } from '../retry.ts';
import { runFromRow, withoutNulls } from '../rows.ts';
import type { RunEventsTable } from '../schema.ts';

export async function getRun({ db }: Connection, runId: string): Promise<Run | undefined> {
  if (!canBeStored(runId)) return undefined;
  const row = await db
    .selectFrom('workflow_runs')
    .selectAll()
    .where('run_id', '=', runId)
    .executeTakeFirst();
  return row && runFromRow(row);
}

export async function getRunState(
  { db }: Connection,
  runId: string,
): Promise<RunStateRow | undefined> {
  if (!canBeStored(runId)) return undefined;
  const row = await db
    .selectFrom('workflow_runs')
    .select(['run_id', 'owner', 'state', 'attempt'])
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return { runId: row.run_id, owner: row.owner, state: row.state, attempt: row.attempt };
}

export async function listAttachments(
  { db }: Connection,
  runId: string,
): Promise<readonly Attachment[]> {
  const rows = await db
    .selectFrom('workflow_attachments')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('position')
    .execute();
  return rows.map((row) => ({
    name: fromJson(row.name),
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
  }));
}

/** The history, oldest line first. */
export async function listEvents({ db }: Connection, runId: string): Promise<readonly RunEvent[]> {
  const rows = await db
    .selectFrom('run_events')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('revision')
    .execute();
  return rows.map(eventFromRow);
}

export function eventFromRow(
  row: Omit<Selectable<RunEventsTable>, 'run_id' | 'revision' | 'recorded_at'>,
): RunEvent {
  return {
    at: row.at,
    ...withoutNulls({ from: row.from_state }),
    to: row.to_state,
    actor: fromJson(row.actor),
    reason: fromJson(row.reason),
  };
}
