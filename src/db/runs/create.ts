import type { Transaction } from 'kysely';
import { OutcomeUnknownError } from '../../runs/errors.ts';
import type { NewRun } from '../../runs/run.ts';
import type { CreateResult, EarlierSubmission, RunStore } from '../../runs/run-store.ts';
import { batches } from '../batches.ts';
import { digest, tagDigest } from '../digest.ts';
import { toJson } from '../json-text.ts';
import { indexedName } from '../plain-text.ts';
import { queueName } from '../queue-name.ts';
import { inTransaction, type Connection } from '../retry.ts';
import { endAnnouncement } from '../removals.ts';
import type { Tables } from '../schema.ts';
import { clockOf } from './change-state.ts';
import { makeLocks } from './claim-locks.ts';
import { requireRoomInQueue } from './quota.ts';

type Quota = NonNullable<Parameters<RunStore['createRun']>[1]>;

/** Writes a run and all that belongs to it, or tells the run that its idempotency key stands for. */
export async function createRun(
  connection: Connection,
  run: NewRun,
  quota?: Quota,
): Promise<CreateResult> {
  const room = quota && { ...quota, owner: run.owner, lock: `queue of ${run.owner}` };
  if (room) await makeLocks(connection, [room.lock]);
  let isCommitting = false;
  try {
    await inTransaction(connection, async (tx) => {
      isCommitting = false;
      await insertRun(connection, tx, run);
      if (run.attachments.length > 0) await endAnnouncement(tx, run.runId);
      if (room) await requireRoomInQueue(tx, room);
      isCommitting = true;
    });
    return { created: true };
  } catch (error) {
    if (isCommitting) throw outcomeUnknown(run.runId, error);
    if (!connection.dialect.isDuplicate(error)) throw error;
    const earlier = await findEarlier(connection, run);
    if (!earlier) throw error;
    return { created: false, ...earlier };
  }
}

function outcomeUnknown(runId: string, cause: unknown): OutcomeUnknownError {
  return new OutcomeUnknownError(`Whether run ${runId} was written is not known.`, { cause });
}

async function insertRun(
  { dialect }: Connection,
  tx: Transaction<Tables>,
  run: NewRun,
): Promise<void> {
  await tx.insertInto('workflow_runs').values(runRow(run)).execute();
  await tx
    .insertInto('run_events')
    .values({
      run_id: run.runId,
      revision: 1,
      at: run.createdAt,
      recorded_at: clockOf(dialect),
      from_state: null,
      to_state: 'QUEUED',
      actor: toJson(`user:${run.owner}`),
      reason: toJson('submitted'),
    })
    .execute();
  await insertTags(tx, run);
  await insertAttachments(tx, run);
}

function runRow(run: NewRun) {
  const { request } = run;
  const version = request.workflowEngineVersion;
  return {
    run_id: run.runId,
    owner: indexedName('owner', run.owner),
    state: 'QUEUED' as const,
    revision: 1,
    created_at: run.createdAt,
    attempt: 0,
    engine: indexedName('workflow_engine', run.engine),
    queue: queueName(run.engine, version),
    priority: run.priority,
    pause_requested: 0,
    rerun_of: run.rerunOf ?? null,
    workflow_type: indexedName('workflow_type', request.workflowType),
    requested_engine_version: version ? indexedName('workflow_engine_version', version) : null,
    idempotency_hash: run.idempotency ? digest(run.idempotency.key) : null,
    request_digest: run.idempotency?.requestDigest ?? null,
    tags: toJson(request.tags ?? {}),
    request: toJson(request),
  };
}

async function insertTags(tx: Transaction<Tables>, run: NewRun): Promise<void> {
  const rows = Object.entries(run.request.tags ?? {}).map(([key, value]) => ({
    tag_hash: tagDigest({ key, value }),
    run_id: run.runId,
  }));
  for (const batch of batches(rows)) await tx.insertInto('run_tags').values(batch).execute();
}

async function insertAttachments(tx: Transaction<Tables>, run: NewRun): Promise<void> {
  const rows = run.attachments.map((attachment, index) => ({
    run_id: run.runId,
    position: index + 1,
    size_bytes: attachment.sizeBytes,
    sha256: attachment.sha256,
    name: toJson(attachment.name),
  }));
  for (const batch of batches(rows)) {
    await tx.insertInto('workflow_attachments').values(batch).execute();
  }
}

async function findEarlier(connection: Connection, { owner, idempotency }: NewRun) {
  return idempotency && (await findSubmission(connection, owner, idempotency.key));
}

export async function findSubmission(
  { db }: Connection,
  owner: string,
  key: string,
): Promise<EarlierSubmission | undefined> {
  const row = await db
    .selectFrom('workflow_runs')
    .select(['run_id', 'request_digest'])
    .where('owner', '=', owner)
    .where('idempotency_hash', '=', digest(key))
    .executeTakeFirst();
  return row && { runId: row.run_id, requestDigest: row.request_digest ?? '' };
}
