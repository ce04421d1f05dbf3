import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { createClient } from '../../src/storage/s3/client.ts';
import { startS3 } from '../../test/support/s3-server.ts';

export interface BenchBucket {
  readonly name: string;
  readonly endpoint: string;
  /** For the service and for AWS's own command alike. */
  readonly keys: Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>>;
  stop(): Promise<void>;
}

const NAME = 'bench-data';
/** The file is there as attachment, as output and once by hand; the store's memory is filled as it is used. */
const COPIES = 4;

/** A bucket on a gateway of its own, which holds all in memory: no disk is measured twice. */
export async function startBucket(fileBytes: number): Promise<BenchBucket> {
  const server = await startS3({ storeBytes: COPIES * fileBytes });
  const { origin, username, password } = new URL(server.url);
  const credentials = { accessKeyId: username, secretAccessKey: password };
  const client = createClient({
    bucket: NAME,
    endpoint: origin,
    forcePathStyle: true,
    presignedUrls: false,
    credentials,
  });
  try {
    await client.send(new CreateBucketCommand({ Bucket: NAME }));
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    client.destroy();
  }
  const keys = { AWS_ACCESS_KEY_ID: username, AWS_SECRET_ACCESS_KEY: password };
  return { name: NAME, endpoint: origin, keys, stop: server.stop };
}
