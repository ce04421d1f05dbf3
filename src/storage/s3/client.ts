import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Settings } from './settings.ts';

const CONNECT_MS = 10_000;
const SILENCE_MS = 60_000;
/** Requests that can be sent again are: everything here that is not a stream. */
const ATTEMPTS = 5;
/** Each download that a client reads slowly holds one: they must not keep others from being served. */
const CONNECTIONS = 1000;
/** Other servers than AWS's want a region in the signature, but seldom care which. */
const ANY_REGION = 'us-east-1';

export function createClient(settings: S3Settings): S3Client {
  const { endpoint, region, forcePathStyle, credentials } = settings;
  const agent = { keepAlive: true, maxSockets: CONNECTIONS };
  return new S3Client({
    forcePathStyle,
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: settings.silenceMs ?? SILENCE_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && otherServer(endpoint, region)),
    ...(credentials !== undefined && { credentials }),
  });
}

/** Many servers do not know the checksums that AWS's SDK adds by itself; some store them as content. */
function otherServer(endpoint: string, region: string | undefined): S3ClientConfig {
  return {
    endpoint,
    region: region ?? process.env.AWS_REGION ?? ANY_REGION,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  };
}
