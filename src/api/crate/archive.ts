import { Readable } from 'node:stream';
import type { Storage } from '../../storage/storage.ts';
import { attachmentEntry, logEntry, outputEntry } from '../zip/run-files.ts';
import type { ZipEntry } from '../zip/zip-stream.ts';
import { crateText } from './crate-text.ts';
import type { CrateFacts } from './facts.ts';
import { crateEntities } from './graph.ts';
import { FOLDERS, METADATA_FILE } from './ids.ts';

/** The metadata of a crate and all files that they speak of and that lie here. */
export async function* crateArchive(
  storage: Pick<Storage, 'get'>,
  facts: CrateFacts,
): AsyncGenerator<ZipEntry> {
  const { run, attachments } = facts;
  yield {
    name: METADATA_FILE,
    modifiedAt: run.endedAt ?? run.createdAt,
    open: async () => Readable.from(crateText(crateEntities(facts)), { objectMode: false }),
  };
  for (const attachment of attachments) {
    yield attachmentEntry(storage, run, attachment, FOLDERS.attachments);
  }
  for await (const output of facts.outputs()) {
    yield outputEntry(storage, run, output, FOLDERS.outputs);
  }
  for await (const log of facts.logs()) yield logEntry(storage, log, FOLDERS.logs);
}
