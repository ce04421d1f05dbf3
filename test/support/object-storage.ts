import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectStorageSettings } from '../../src/staging/object-storage-settings.ts';
import type { TestBucket } from './buckets.ts';

/** Puts an object that only its owner may read, or everybody. Gives its key. */
export async function putObject(
  { client, settings }: TestBucket,
  name: string,
  content: Buffer,
  isPublic = false,
): Promise<string> {
  const Key = `${settings.prefix}/${name}`;
  const ACL = isPublic ? 'public-read' : 'private';
  await client.send(new PutObjectCommand({ Bucket: settings.bucket, Key, Body: content, ACL }));
  return Key;
}

/** Object storage of the test's server, whose buckets are all read anonymously unless they are listed. */
export function objectStorage(
  { settings }: TestBucket,
  more: Partial<ObjectStorageSettings> = {},
): ObjectStorageSettings {
  return {
    ...{ scheme: 's3', endpoint: settings.endpoint, keys: settings.credentials },
    ...{ usesAwsCredentials: false, listed: [], silenceMs: 5000 },
    ...more,
  };
}
