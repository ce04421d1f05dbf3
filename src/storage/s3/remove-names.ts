import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { StorageError } from '../storage.ts';

export type Names = AsyncIterable<string> | Iterable<string>;

/** S3 takes no more at once. */
const REMOVED_AT_ONCE = 1000;
/** XML 1.0, in which several names are sent, can't say these: such a name has a request of its own. */
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** Removes objects by their names in the bucket. What is not there is no error. */
export async function removeNames(client: S3Client, bucket: string, names: Names): Promise<void> {
  let batch: string[] = [];
  for await (const name of names) {
    if (NOT_IN_XML.test(name)) await removeOne(client, bucket, name);
    else batch.push(name);
    if (batch.length < REMOVED_AT_ONCE) continue;
    await removeBatch(client, bucket, batch);
    batch = [];
  }
  await removeBatch(client, bucket, batch);
}

async function removeBatch(client: S3Client, Bucket: string, names: readonly string[]) {
  const [first, ...more] = names;
  if (first === undefined) return;
  if (more.length === 0) {
    await removeOne(client, Bucket, first);
    return;
  }
  const Delete = { Objects: names.map((Key) => ({ Key })), Quiet: true };
  const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }));
  const [error] = Errors;
  if (error === undefined) return;
  const why = error.Message ?? error.Code ?? 'no reason given';
  throw new StorageError(
    'unavailable',
    `${Errors.length} objects could not be removed, the first ${JSON.stringify(error.Key)}: ${why}`,
  );
}

async function removeOne(client: S3Client, Bucket: string, Key: string): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
}
