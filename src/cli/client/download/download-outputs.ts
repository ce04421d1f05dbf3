import pLimit from 'p-limit';
import { WesClientError } from '../../../wes/client-error.ts';
import type { WesClient } from '../../../wes/client.ts';
import { downloadFile, type DownloadedFile } from './download-file.ts';
import type { DownloadProgress } from './download-progress.ts';
import { outputFiles, type RemoteFile } from './output-files.ts';
import { removeEmptyFolder } from './partial-file.ts';
import { rootFolder, safeSegments } from './places.ts';

const FILES_AT_ONCE = 4;

/**
 * Fetches all output files of a run, several at a time; those that are there and right are left alone. A
 * file that can't be had does not keep the others from coming.
 * @throws WesClientError as `downloadFile`
 */
export async function downloadOutputs(
  client: WesClient,
  runId: string,
  target: string,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: DownloadProgress },
): Promise<readonly DownloadedFile[]> {
  const files = await outputFiles(client, runId);
  // Before anything is written: a server that names such places is not to be trusted with any.
  for (const { path } of files) safeSegments(path);
  const directory = await rootFolder(target);
  progress.begin(files);
  const limit = pLimit(FILES_AT_ONCE);
  const fetchOne = async (file: RemoteFile): Promise<DownloadedFile> => {
    signal.throwIfAborted();
    const onProgress = (bytes: number) => progress.tell(file, bytes);
    const fetched = await downloadFile({ client, file, directory, signal, onProgress });
    progress.done(file);
    return fetched;
  };
  try {
    const results = await Promise.allSettled(files.map((file) => limit(fetchOne, file)));
    return allOrError(results);
  } finally {
    progress.end();
    await removeEmptyFolder(directory);
  }
}

function allOrError(
  results: readonly PromiseSettledResult<DownloadedFile>[],
): readonly DownloadedFile[] {
  const failures = results.filter(({ status }) => status === 'rejected');
  const [first] = failures;
  if (first === undefined) {
    return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }
  const error: unknown = first.status === 'rejected' ? first.reason : undefined;
  if (failures.length === 1 || !(error instanceof WesClientError)) throw error;
  const message = `${error.message} (and ${failures.length - 1} more of ${results.length} files failed)`;
  throw new WesClientError(error.kind, message, error.status, { cause: error });
}
