import { WesError } from '../../runs/errors.ts';
import type { Attachment } from '../../runs/run.ts';
import { attachmentKey } from '../../runs/storage-keys.ts';
import { StorageError } from '../../storage/storage.ts';
import { announceUpload } from '../announce-upload.ts';
import type { ApiDeps } from '../context.ts';

type CopyDeps = Pick<ApiDeps, 'store' | 'storage' | 'removals' | 'now'>;

/**
 * Copies the attachments of a run in storage to those of another; what was copied stays there when
 * this fails.
 * @throws WesError `wrong_state` when one of them is no longer there, or no longer what was submitted
 */
export async function copyAttachments(
  fromRunId: string,
  toRunId: string,
  deps: CopyDeps,
): Promise<readonly Attachment[]> {
  const attachments = await deps.store.listAttachments(fromRunId);
  if (attachments.length > 0) await announceUpload(deps, toRunId);
  for (const attachment of attachments) await copy(attachment, fromRunId, toRunId, deps);
  return attachments;
}

async function copy(
  { name, sizeBytes, sha256 }: Attachment,
  fromRunId: string,
  toRunId: string,
  { storage }: CopyDeps,
): Promise<void> {
  const content = await storage.get(attachmentKey(fromRunId, name)).catch((error: unknown) => {
    const isGone = error instanceof StorageError && error.code === 'not_found';
    throw isGone ? unusable(fromRunId, name, 'is no longer in storage') : error;
  });
  const stored = await storage.put(attachmentKey(toRunId, name), content);
  if (stored.sizeBytes === sizeBytes && stored.sha256 === sha256) return;
  throw unusable(fromRunId, name, 'was changed in storage after it was submitted');
}

function unusable(runId: string, name: string, problem: string): WesError {
  return new WesError(
    'wrong_state',
    `run ${runId} can't be run again: its attachment ${JSON.stringify(name)} ${problem}; submit the workflow anew`,
  );
}
