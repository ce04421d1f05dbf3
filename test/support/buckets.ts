import { CreateBucketCommand, DeleteBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { Bucket } from '../../src/storage/s3/bucket.ts';
import { createClient } from '../../src/storage/s3/client.ts';
import type { S3Settings } from '../../src/storage/s3/settings.ts';

/** Why there is no S3 server for tests; see `describeWith`. */
export const missingS3: string | undefined = inject('missingS3') ?? undefined;

export interface TestBucket {
  readonly settings: S3Settings & Required<Pick<S3Settings, 'endpoint' | 'credentials' | 'prefix'>>;
  /** The same as settings of the service, with credentials as the SDK takes them. */
  readonly environment: Readonly<Record<string, string>>;
  /** For requests of the test's own. */
  readonly client: S3Client;
  /** All names in the bucket that belong to the test. */
  names(): Promise<readonly string[]>;
  /** Removes it with all that is in it. */
  drop(): Promise<void>;
}

/** A bucket of its own; where TEST_S3_BUCKET names one, a part of that. */
export async function createTestBucket(): Promise<TestBucket> {
  const shared = process.env.TEST_S3_BUCKET;
  const bucket = shared ?? `test-${randomUUID()}`;
  const prefix = `tests/${randomUUID()}`;
  const { endpoint, credentials } = await serverAccess();
  const settings = {
    ...{ bucket, prefix, endpoint, credentials, forcePathStyle: true, presignedUrls: false },
  };
  const client = createClient(settings);
  const all = new Bucket(client, bucket);
  if (shared === undefined) await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const names = () => namesOf(all.list(`${prefix}/`));
  return {
    settings,
    environment: environmentOf(settings),
    client,
    names,
    drop: async () => {
      await all.remove(await names());
      if (shared === undefined) await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
    },
  };
}

async function namesOf(listed: AsyncIterable<{ readonly name: string }>) {
  const names: string[] = [];
  for await (const { name } of listed) names.push(name);
  return names;
}

async function serverAccess() {
  const response = await fetch(`${inject('databaseStarter')}/s3`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  const { origin, username, password } = new URL(text);
  const credentials = {
    accessKeyId: decodeURIComponent(username),
    secretAccessKey: decodeURIComponent(password),
  };
  return { endpoint: origin, credentials };
}

function environmentOf({ bucket, prefix, endpoint, credentials }: TestBucket['settings']) {
  return {
    STORAGE_BACKEND: 's3',
    S3_BUCKET_NAME: bucket,
    S3_PREFIX: prefix,
    S3_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}
