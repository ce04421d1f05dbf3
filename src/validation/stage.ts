import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Attachment } from '../runs/run.ts';
import type { CheckedRun } from '../runs/request-validator.ts';
import type { RunDirectory } from '../runs/run-directory.ts';
import { attachmentKey } from '../runs/storage-keys.ts';
import type { Storage } from '../storage/storage.ts';
import { NotChecked } from './not-checked.ts';

const BYTES_PER_MEBIBYTE = 1024 * 1024;
/** Larger attachments are data, mostly. */
const LARGEST_DOCUMENT_BYTES = BYTES_PER_MEBIBYTE;
const LARGEST_WORKFLOW_BYTES = 16 * BYTES_PER_MEBIBYTE;
const MOST_BYTES = 16 * BYTES_PER_MEBIBYTE;
const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;

/**
 * Makes the directory with the attachments in it. Data is not copied: where it belongs lies a file of its
 * size without content, which takes no room. Gives the paths of those.
 * @throws NotChecked
 */
export async function stageDocuments(
  { runId, attachments }: Pick<CheckedRun, 'runId' | 'attachments'>,
  workflow: string,
  { execution, temporary, home }: RunDirectory,
  storage: Pick<Storage, 'get'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (const path of [execution, temporary, home]) await makeDirectory(path);
  const isDocument = documentsAmong(workflow);
  const placeholders: string[] = [];
  for (const attachment of attachments) {
    signal.throwIfAborted();
    const { name, sizeBytes } = attachment;
    const path = pathBelow(execution, name);
    await makeDirectory(dirname(path));
    if (isDocument(attachment)) {
      const file = createWriteStream(path, { flags: 'wx', mode: PRIVATE_FILE });
      await pipeline(await storage.get(attachmentKey(runId, name)), file, { signal });
    } else {
      await makePlaceholder(path, sizeBytes);
      placeholders.push(path);
    }
  }
  return placeholders;
}

/** Which of the attachments, asked for one after the other, are copied. */
function documentsAmong(workflow: string): (attachment: Attachment) => boolean {
  let copiedBytes = 0;
  return ({ name, sizeBytes }) => {
    if (name === workflow) {
      if (sizeBytes <= LARGEST_WORKFLOW_BYTES) return true;
      throw new NotChecked('the workflow document is too large');
    }
    if (sizeBytes > LARGEST_DOCUMENT_BYTES || copiedBytes + sizeBytes > MOST_BYTES) return false;
    copiedBytes += sizeBytes;
    return true;
  };
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
}

async function makePlaceholder(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_FILE);
  try {
    await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}

/** Names were checked when they came in; here they become paths, so they are checked again. */
function pathBelow(root: string, name: string): string {
  const path = resolve(root, name);
  if (path.startsWith(root + sep) && !name.includes('\0')) return path;
  throw new NotChecked('an attachment has a name that leads outside');
}
