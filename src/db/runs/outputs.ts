import type { Selectable, Transaction } from 'kysely';
import type { OutputFile } from '../../runs/run.ts';
import { batches } from '../batches.ts';
import { digest } from '../digest.ts';
import { canBeStored, indexedName, indexedPath } from '../plain-text.ts';
import type { Connection } from '../retry.ts';
import type { OutputsTable, Tables } from '../schema.ts';

/** The highest code point, which no file name has: everything that begins with a prefix sorts before it. */
const LAST_CHARACTER = '\u{10FFFF}';

export interface OutputPage {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit: number;
}

/** Makes `files` the outputs of the run; the caller's transaction holds the run's row. */
export async function replaceOutputs(
  tx: Transaction<Tables>,
  runId: string,
  files: readonly OutputFile[],
): Promise<void> {
  await tx.deleteFrom('run_outputs').where('run_id', '=', runId).execute();
  const rows = files.map((file) => ({
    run_id: runId,
    path_hash: digest(file.path),
    path: indexedPath('output path', file.path),
    size_bytes: file.sizeBytes,
    sha256: file.sha256,
    media_type: indexedName('media type', file.mediaType),
  }));
  for (const batch of batches(rows)) await tx.insertInto('run_outputs').values(batch).execute();
}

export async function listOutputs(
  { db }: Connection,
  runId: string,
  { prefix = '', after, limit }: OutputPage,
): Promise<readonly OutputFile[]> {
  if (![prefix, after ?? ''].every(canBeStored)) return [];
  const rows = await db
    .selectFrom('run_outputs')
    .selectAll()
    .where('run_id', '=', runId)
    .$if(prefix !== '', (q) =>
      q.where('path', '>=', prefix).where('path', '<', prefix + LAST_CHARACTER),
    )
    .$if(after !== undefined, (q) => q.where('path', '>', after ?? ''))
    .orderBy('path')
    .limit(limit)
    .execute();
  return rows.map(outputFromRow);
}

export async function getOutput(
  { db }: Connection,
  runId: string,
  path: string,
): Promise<OutputFile | undefined> {
  const row = await db
    .selectFrom('run_outputs')
    .selectAll()
    .where('run_id', '=', runId)
    .where('path_hash', '=', digest(path))
    .executeTakeFirst();
  return row && outputFromRow(row);
}

function outputFromRow(row: Selectable<OutputsTable>): OutputFile {
  return {
    path: row.path,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    mediaType: row.media_type,
  };
}
