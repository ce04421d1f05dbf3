import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { ObjectStorageSettings } from '../object-storage-settings.ts';

const CONNECT_MS = 10_000;
const SILENCE_MS = 60_000;
const CONNECTIONS = 200;
/** Other servers than AWS's want a region in the signature, but seldom care which. */
const ANY_REGION = 'us-east-1';

/** What is asked of a bucket in another region is asked there; retries are for the caller. */
export function createClient(settings: ObjectStorageSettings, isAnonymous: boolean): S3Client {
  const { endpoint, region, silenceMs = SILENCE_MS } = settings;
  const agent = { keepAlive: true, maxSockets: CONNECTIONS };
  return new S3Client({
    maxAttempts: 1,
    followRegionRedirects: endpoint === undefined,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    region: region ?? process.env.AWS_REGION ?? ANY_REGION,
    requestHandler: {
      ...{ connectionTimeout: CONNECT_MS, socketTimeout: silenceMs },
      ...{ httpAgent: agent, httpsAgent: agent },
    },
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(isAnonymous ? UNSIGNED : signed(settings)),
  });
}

const UNSIGNED: S3ClientConfig = {
  credentials: { accessKeyId: '', secretAccessKey: '' },
  signer: { sign: async (request) => request },
};

function signed({ keys }: ObjectStorageSettings): S3ClientConfig {
  return keys === undefined ? {} : { credentials: keys };
}
