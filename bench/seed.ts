import { Kysely, type Insertable } from 'kysely';
import { v7 as uuid } from 'uuid';
import { batches } from '../src/db/batches.ts';
import { parseDatabaseUrl } from '../src/db/database-url.ts';
import { openDialect } from '../src/db/dialects/open-dialect.ts';
import { tagDigest } from '../src/db/digest.ts';
import { fromJson, toJson } from '../src/db/json-text.ts';
import type { Tables } from '../src/db/schema.ts';

const SECOND_MS = 1000;
const OWNERS = 20;
const PROJECTS = 50;

/**
 * Stores ended runs, each a second older than the one after it, the newest about now.
 * @returns the ids of some of them, spread over all
 */
export async function seedRuns(
  databaseUrl: string,
  count: number,
  before = Date.now(),
): Promise<readonly string[]> {
  const { kysely } = await openDialect(parseDatabaseUrl(databaseUrl));
  const db = new Kysely<Tables>({ dialect: kysely });
  try {
    const runs = Array.from({ length: count }, (_, index) =>
      endedRun(index, before - (count - index) * SECOND_MS),
    );
    await insertAll(db, runs);
    const step = Math.max(1, Math.floor(count / 500));
    return runs.filter((_, index) => index % step === 0).map(({ run_id: runId }) => runId);
  } finally {
    await db.destroy();
  }
}

async function insertAll(db: Kysely<Tables>, runs: readonly Insertable<Tables['workflow_runs']>[]) {
  await db.transaction().execute(async (tx) => {
    for (const batch of batches(runs)) {
      await tx.insertInto('workflow_runs').values(batch).execute();
      await tx.insertInto('run_tags').values(batch.map(tagOf)).execute();
    }
  });
}

function endedRun(index: number, createdAt: number): Insertable<Tables['workflow_runs']> {
  const tags = { project: `project-${index % PROJECTS}` };
  const request = {
    workflowType: 'FAKE',
    workflowTypeVersion: '1.0',
    workflowUrl: 'https://example.org/workflow',
    workflowParams: { fake: {}, sample: `sample-${index}`, reads: ['r1.fastq.gz', 'r2.fastq.gz'] },
    tags,
  };
  return {
    run_id: uuid({ msecs: createdAt }),
    owner: `user-${index % OWNERS}`,
    state: index % 10 === 0 ? 'EXECUTOR_ERROR' : 'COMPLETE',
    previous_state: 'RUNNING',
    revision: 4,
    created_at: createdAt,
    started_at: createdAt + SECOND_MS,
    ended_at: createdAt + 60 * SECOND_MS,
    attempt: 1,
    engine: 'fake',
    priority: 0,
    pause_requested: 0,
    workflow_type: 'FAKE',
    executor: 'fake',
    exit_code: index % 10 === 0 ? 1 : 0,
    engine_version: '1.0',
    tags: toJson(tags),
    command: toJson(['fake-engine']),
    request: toJson(request),
    outputs: toJson({}),
  };
}

function tagOf({
  run_id,
  tags,
}: Insertable<Tables['workflow_runs']>): Insertable<Tables['run_tags']> {
  return { run_id, tag_hash: tagDigest({ key: 'project', value: fromJson(tags).project ?? '' }) };
}
