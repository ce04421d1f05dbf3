import { ConfigError, type Config } from '../../config.ts';
import { createLocalStorage } from '../../storage/local.ts';
import type { S3Settings } from '../../storage/s3/settings.ts';
import type { Storage } from '../../storage/storage.ts';

/** The client of S3 is large: it is loaded only where it is used. */
export async function createStorage(config: Config): Promise<Storage> {
  if (config.storageBackend === 'local')
    return createLocalStorage({ root: config.localStoragePath });
  const { createS3Storage } = await import('../../storage/s3/s3.ts');
  return createS3Storage(s3Settings(config));
}

function s3Settings(config: Config): S3Settings {
  const { s3BucketName: bucket, s3EndpointUrl: endpoint, s3Region: region, s3Prefix } = config;
  if (bucket === undefined) throw new ConfigError(['S3_BUCKET_NAME: must be given']);
  return {
    bucket,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(s3Prefix !== undefined && { prefix: s3Prefix }),
    forcePathStyle: config.s3ForcePathStyle ?? endpoint !== undefined,
    presignedUrls: config.s3PresignedUrls,
  };
}
